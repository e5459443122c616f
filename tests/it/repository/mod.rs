//! The repository itself: what its files must and must not contain.

mod boundaries;
