//! The test harness. It starts the real server on loopback, hands tests its clients and tokens, and fails a
//! test whose gateway logs an unexpected warning.

mod authority;
mod clock;
pub mod cluster;
mod cluster_proxy;
mod command;
mod contract;
mod gateway;
mod late_store;
mod loadgen;
mod port;
mod provider;
mod relay;
mod second_gateway;
mod town;
pub mod wire;

pub use authority::TestAuthority;
pub use clock::Clock;
pub use cluster::{COLOURS_LATE, ClusterCity};
pub use cluster_proxy::ClusterProxy;
pub use command::{assert_done, assert_refused, assert_warned, output_text, read_until};
pub use contract::check_request_body;
pub use gateway::{ExpectedLog, Gateway, binary};
pub use late_store::send_until_stored;
pub use loadgen::{Loadgen, LoadgenEnd, LoadgenWorker, loadgen_command, loadgen_session, run_loadgen};
pub use port::free_port;
pub use provider::{Behaviour, ProviderRequest, TestProvider};
pub use relay::Relay;
pub use second_gateway::{SecondGateway, found_with_second};
pub use town::{
    CITIES_EAST_MS, TestReply, TestTown, away_from_midnight, eventually, is_complete, post_keyed, refused,
    send, tick,
};
