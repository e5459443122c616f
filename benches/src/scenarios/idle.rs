//! M5: the memory of a connection that is open and idle.

use crate::harness::client::{Client, exchange};
use crate::harness::server::{Server, ServerKind};
use crate::harness::town::BenchTown;
use crate::harness::turn;
use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use http::Request;
use scangate_loadgen::client::{ClientConnection, Handshake, LoadTarget, Version};

/// The connections before the measurement: by then the server's own buffers have their size.
const WARM_UP: usize = 1_000;
/// The most connections without a request that are measured. The gateway closes one after ten seconds, in
/// which these and the ones before are opened.
const FRESH_MAX: usize = 2_000;
/// The residents of the city whose check-ins are sent.
const RESIDENTS: usize = 2_000;

/// The command-line options of the measurement.
#[derive(Args)]
pub(crate) struct IdleOptions {
    /// The number of connections that are measured.
    #[arg(long, default_value_t = 8_000)]
    connections: usize,
}

/// The kind of a connection, and what it does before it is idle.
#[derive(Clone, Copy)]
enum IdleKind {
    /// HTTP/3 that has sent nothing but its control stream.
    Fresh,
    /// HTTP/3 after one check-in, which the stores' memory holds as well.
    CheckedIn,
    /// HTTP/3 after one request for the home page.
    Http3,
    /// HTTP/1.1 after one request for the home page.
    Http1,
    /// HTTP/2 after one request for the home page.
    Http2,
}

impl IdleKind {
    const ALL: [Self; 5] = [Self::Fresh, Self::CheckedIn, Self::Http3, Self::Http1, Self::Http2];

    const fn name(self) -> &'static str {
        match self {
            Self::Fresh => "HTTP/3, no request",
            Self::CheckedIn => "HTTP/3, one check-in",
            Self::Http3 => "HTTP/3, one page",
            Self::Http1 => "HTTP/1.1, one page",
            Self::Http2 => "HTTP/2, one page",
        }
    }

    /// The number of connections that are measured.
    fn connections(self, options: &IdleOptions) -> usize {
        match self {
            Self::Fresh => options.connections.min(FRESH_MAX),
            Self::CheckedIn | Self::Http3 | Self::Http1 | Self::Http2 => options.connections,
        }
    }
}

/// An open connection of either client.
enum IdleConnection {
    Scan(quinn::Connection),
    Page(ClientConnection),
}

/// Runs the measurement and prints its figures.
pub(crate) fn measure(options: &IdleOptions) -> anyhow::Result<()> {
    println!("KiB of the server's resident memory a connection");
    for kind in IdleKind::ALL {
        let connections = kind.connections(options);
        let bytes = turn::take(ServerKind::Gateway, RESIDENTS, async |server, town| {
            let mut open = open_many(kind, server, town, WARM_UP).await?;
            let before = server.resident_bytes()?;
            open.extend(open_many(kind, server, town, connections).await?);
            let held = server.resident_bytes()? - before;
            for connection in &mut open {
                connection.confirm().await.context("a connection did not stay open")?;
            }
            Ok(held)
        })?;
        #[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^53")]
        let each = bytes as f64 / 1_024.0 / connections as f64;
        println!("{:<24}{each:.1} over {connections} connections", kind.name());
    }
    Ok(())
}

impl IdleConnection {
    /// **Errors**: the connection does not answer any more.
    async fn confirm(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Scan(connection) => connection.close_reason().map_or(Ok(()), |reason| Err(reason.into())),
            Self::Page(connection) => read_page(connection).await,
        }
    }
}

async fn connect_and_read(target: &LoadTarget, version: Version) -> anyhow::Result<ClientConnection> {
    let mut connection = target.connect(version).await?;
    read_page(&mut connection).await?;
    Ok(connection)
}

async fn read_page(connection: &mut ClientConnection) -> anyhow::Result<()> {
    let page = connection.send(Request::get("/").body(Bytes::new())?).await?;
    anyhow::ensure!(page.status() == 200, "{}", page.status());
    Ok(())
}

/// Opens so many connections, one after the other.
async fn open_many(
    kind: IdleKind,
    server: &Server,
    town: &BenchTown,
    count: usize,
) -> anyhow::Result<Vec<IdleConnection>> {
    let client = Client::new(server.address, &server.certificate())?;
    let phone = client.phone(Handshake::Full)?;
    let target = LoadTarget::new(server.address, &server.certificate())?;
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        open.push(match kind {
            IdleKind::Fresh => IdleConnection::Scan(client.connect(&phone).await?),
            IdleKind::CheckedIn => {
                let connection = client.connect(&phone).await?;
                exchange(&connection, town.request()).await?;
                IdleConnection::Scan(connection)
            }
            IdleKind::Http3 => IdleConnection::Page(connect_and_read(&target, Version::Http3).await?),
            IdleKind::Http1 => IdleConnection::Page(connect_and_read(&target, Version::Http1).await?),
            IdleKind::Http2 => IdleConnection::Page(connect_and_read(&target, Version::Http2).await?),
        });
    }
    Ok(open)
}
