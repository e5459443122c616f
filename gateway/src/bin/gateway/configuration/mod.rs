//! The commands about a configuration: `check-config`, `print-config` and `config-schema`. `check-policy` is
//! beside the first.

pub(crate) mod check;
pub(crate) mod print;
pub(crate) mod schema;
