//! The load generator's own word: the cause of each exchange that breaks.

mod causes;
