//! Old and new books.
