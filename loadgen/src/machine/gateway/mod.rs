//! The gateway's own metrics during a run, read from its admin listener once a second.

mod reading;
mod sampler;
mod series;

pub use self::sampler::{MetricsSampler, MetricsUrl, MetricsUrlError};
pub use self::series::{GatewaySecond, GatewaySeries};
