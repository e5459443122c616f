//! Tests that need a CQL cluster: `SCANGATE_TEST_CQL` lists its hosts, and `SCANGATE_TEST_NODE` stops and
//! starts a node. `login` needs a node of its own with a password and TLS. `--skip cluster::` leaves them
//! out.

mod backup;
mod cases;
mod checks;
mod city_words;
mod co_presence;
mod gateways;
mod late;
mod load;
mod login;
mod outages;
mod random_cities;
mod rolling;
mod starts;
mod store_copy;
mod sunset;
