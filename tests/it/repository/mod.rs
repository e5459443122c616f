//! The repository itself: its boundaries, and the page of requirements.

mod boundaries;
mod requirements;
mod sources;
