//! aioquic, a QUIC client in Python, checks in over HTTP/3 and breaks the rules of QUIC. Needs
//! `SCANGATE_TEST_PYTHON`: a Python with aioquic.

use super::scripts;
use anyhow::Context as _;
use scangate_core::time::Step;
use scangate_loadgen::drive::now;
use scangate_tests::{ExpectedLog, Gateway, TestTown, output_text};
use std::process::Command;
use std::sync::Arc;

/// A Python that runs this client.
fn client(script: &str) -> anyhow::Result<Command> {
    let python = std::env::var("SCANGATE_TEST_PYTHON").context("tests/run sets SCANGATE_TEST_PYTHON")?;
    let mut command = Command::new(python);
    command.arg(scripts().join("clients").join(script));
    Ok(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn aioquic_checks_in() -> anyhow::Result<()> {
    let town = TestTown::found(1).await?;
    let output = client("aioquic_check_in.py")?
        .arg(town.gateway.listen.port().to_string())
        .arg(town.gateway.folder().path().join("certificate.pem"))
        .arg(&town.venues[0].poster)
        .arg(town.residents[0].code(Step::of(now())))
        .output()?;
    assert!(output.status.success(), "{}", output_text(&output));
    Ok(())
}

/// Error codes of QUIC (RFC 9000 section 20.1).
const FLOW_CONTROL_ERROR: u64 = 0x3;
const STREAM_LIMIT_ERROR: u64 = 0x4;
const STREAM_STATE_ERROR: u64 = 0x5;
const FINAL_SIZE_ERROR: u64 = 0x6;
const FRAME_ENCODING_ERROR: u64 = 0x7;
const TRANSPORT_PARAMETER_ERROR: u64 = 0x8;
const CONNECTION_ID_LIMIT_ERROR: u64 = 0x9;
const PROTOCOL_VIOLATION: u64 = 0xa;
const CRYPTO_BUFFER_EXCEEDED: u64 = 0xd;
/// Alerts of TLS (RFC 8446 section 6), as QUIC sends them (RFC 9001 section 4.8).
const UNEXPECTED_MESSAGE: u64 = 0x100 + 10;
const MISSING_EXTENSION: u64 = 0x100 + 109;
const NO_APPLICATION_PROTOCOL: u64 = 0x100 + 120;

/// What `aioquic_rules.py` does, and the code with which the gateway has to close the connection.
const RULES: [(&str, u64); 60] = [
    // RFC 9000 sections 7.3, 7.4 and 18.2.
    ("no initial_source_connection_id", TRANSPORT_PARAMETER_ERROR),
    ("another initial_source_connection_id", TRANSPORT_PARAMETER_ERROR),
    ("original_destination_connection_id", TRANSPORT_PARAMETER_ERROR),
    ("stateless_reset_token", TRANSPORT_PARAMETER_ERROR),
    ("preferred_address", TRANSPORT_PARAMETER_ERROR),
    ("retry_source_connection_id", TRANSPORT_PARAMETER_ERROR),
    ("max_udp_payload_size of 1199", TRANSPORT_PARAMETER_ERROR),
    ("ack_delay_exponent of 21", TRANSPORT_PARAMETER_ERROR),
    ("max_ack_delay of 2^14", TRANSPORT_PARAMETER_ERROR),
    ("active_connection_id_limit of 1", TRANSPORT_PARAMETER_ERROR),
    ("initial_max_streams_bidi beyond 2^60", TRANSPORT_PARAMETER_ERROR),
    ("initial_max_streams_uni beyond 2^60", TRANSPORT_PARAMETER_ERROR),
    ("a parameter twice", TRANSPORT_PARAMETER_ERROR),
    ("a parameter that is cut", TRANSPORT_PARAMETER_ERROR),
    // RFC 9001 sections 8.1 and 8.2.
    ("no transport parameters", MISSING_EXTENSION),
    ("no ALPN", NO_APPLICATION_PROTOCOL),
    ("an unknown ALPN", NO_APPLICATION_PROTOCOL),
    // RFC 9000 sections 12.4, 12.5 and 17.
    ("reserved bits in Initial", PROTOCOL_VIOLATION),
    ("reserved bits in Handshake", PROTOCOL_VIOLATION),
    ("reserved bits in a short header", PROTOCOL_VIOLATION),
    ("a packet without frames", PROTOCOL_VIOLATION),
    ("STREAM in Initial", PROTOCOL_VIOLATION),
    ("PATH_CHALLENGE in Initial", PROTOCOL_VIOLATION),
    ("MAX_DATA in Initial", PROTOCOL_VIOLATION),
    ("HANDSHAKE_DONE in Initial", PROTOCOL_VIOLATION),
    ("STREAM in Handshake", PROTOCOL_VIOLATION),
    ("PATH_CHALLENGE in Handshake", PROTOCOL_VIOLATION),
    ("NEW_CONNECTION_ID in Handshake", PROTOCOL_VIOLATION),
    ("an unknown frame", FRAME_ENCODING_ERROR),
    ("a frame that is cut", FRAME_ENCODING_ERROR),
    // RFC 9221 section 3.
    ("a DATAGRAM that was not negotiated", PROTOCOL_VIOLATION),
    // RFC 9000 sections 4.1, 4.5, 4.6, 13.1 and 19.
    ("ACK of a packet that was not sent", PROTOCOL_VIOLATION),
    ("STREAM beyond the window", FLOW_CONTROL_ERROR),
    ("STREAM beyond 2^62", FLOW_CONTROL_ERROR),
    ("STREAM beyond the number of streams", STREAM_LIMIT_ERROR),
    ("STREAM on a stream of the server", STREAM_STATE_ERROR),
    ("STREAM on a unidirectional stream of the server", STREAM_STATE_ERROR),
    ("STREAM beyond its final size", FINAL_SIZE_ERROR),
    ("RESET_STREAM with another final size", FINAL_SIZE_ERROR),
    ("RESET_STREAM on a unidirectional stream of the server", STREAM_STATE_ERROR),
    ("STOP_SENDING on a stream of the server", STREAM_STATE_ERROR),
    ("STOP_SENDING on a unidirectional stream of the client", STREAM_STATE_ERROR),
    ("MAX_STREAM_DATA on a stream of the server", STREAM_STATE_ERROR),
    ("MAX_STREAM_DATA on a unidirectional stream of the client", STREAM_STATE_ERROR),
    ("STREAM_DATA_BLOCKED on a unidirectional stream of the server", STREAM_STATE_ERROR),
    ("MAX_STREAMS beyond 2^60", FRAME_ENCODING_ERROR),
    ("MAX_STREAMS of unidirectional ones beyond 2^60", FRAME_ENCODING_ERROR),
    ("STREAMS_BLOCKED beyond 2^60", FRAME_ENCODING_ERROR),
    ("STREAMS_BLOCKED of unidirectional ones beyond 2^60", FRAME_ENCODING_ERROR),
    ("NEW_TOKEN", PROTOCOL_VIOLATION),
    ("NEW_CONNECTION_ID that retires itself", FRAME_ENCODING_ERROR),
    ("NEW_CONNECTION_ID of 0 bytes", FRAME_ENCODING_ERROR),
    ("NEW_CONNECTION_ID of 21 bytes", FRAME_ENCODING_ERROR),
    ("more NEW_CONNECTION_ID than allowed", CONNECTION_ID_LIMIT_ERROR),
    ("RETIRE_CONNECTION_ID that was not issued", PROTOCOL_VIOLATION),
    ("HANDSHAKE_DONE", PROTOCOL_VIOLATION),
    // RFC 9001 sections 6 and 8.3; RFC 9000 section 7.5.
    ("KeyUpdate of TLS in Handshake", UNEXPECTED_MESSAGE),
    ("KeyUpdate of TLS in a short header", UNEXPECTED_MESSAGE),
    ("EndOfEarlyData of TLS", UNEXPECTED_MESSAGE),
    ("CRYPTO far ahead", CRYPTO_BUFFER_EXCEEDED),
];

#[test]
fn what_breaks_a_rule_of_quic_closes_the_connection_with_its_code() -> anyhow::Result<()> {
    // The QUIC library warns of reserved bits.
    let expect = ExpectedLog::Words("illegal packet");
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], expect)?;
    let output = client("aioquic_rules.py")?.arg(gateway.listen.port().to_string()).output()?;
    anyhow::ensure!(output.status.success(), "{}", output_text(&output));
    let seen = String::from_utf8(output.stdout)?;
    let asked: Vec<String> =
        RULES.iter().map(|(name, code)| format!("{name}: closed with {code:#x}")).collect();
    assert_eq!(seen.lines().collect::<Vec<_>>(), asked);
    Ok(())
}
