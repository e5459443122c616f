//! The integration tests: one binary, the real server on loopback.

mod batches;
mod city;
mod city_load;
mod codes;
mod commands;
mod crashes;
mod early_data;
mod facts;

mod foreign_clients;
mod full_disk;
mod landing;
mod migration;
mod moving_house;
mod outages;
mod refusals;
mod register;
mod registration;
mod residents;
mod roles;
mod scanning;
mod secure_cluster;
mod streams;
mod tidy;
mod tracing;
