//! Rules read as written; breaches become alerts once; channels are told what is theirs.
