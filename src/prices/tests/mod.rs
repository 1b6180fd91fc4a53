//! Resolution, prices and costs by example; the laws of cost stand beside its expressions.

mod book_data;
mod broken_books;
mod golden;
mod resolution;
mod single_requests;
