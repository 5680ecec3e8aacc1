package admin

// pageSize is the number of rows on a page of a list.
const pageSize = 50

// maxListed bounds the rows that a confirmation names one by one.
const maxListed = 8
