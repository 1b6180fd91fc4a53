//! The account around the tool: what AWS knows that the logs don't say.

pub mod profiles;
