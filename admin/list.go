package admin

// pageSize is the length of a page of a list.
const pageSize = 50

// maxListed is how many of the observations of a step its page names.
const maxListed = 8
