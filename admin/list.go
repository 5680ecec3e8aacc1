package admin

// pageSize is the number of rows on a page of every list of these pages but the inbox; the API has
// its own.
const pageSize = 50

// maxListed bounds the rows that a confirmation names one by one.
const maxListed = 8
