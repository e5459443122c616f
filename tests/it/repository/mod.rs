//! The repository itself: its layout, boundaries, names and sizes, and the page of requirements.

mod boundaries;
mod imports;
mod layout;
mod names;
mod requirements;
mod sources;
mod style;
