//! The commands about a configuration: `check-config`, `print-config` and `config-schema`; and `check-policy`.

pub(crate) mod check;
pub(crate) mod print;
pub(crate) mod schema;
