//! Sessions against a client of rustls, in memory.

use super::*;
use bytes::BytesMut;
use quinn_proto::crypto::rustls::HandshakeData;
use quinn_proto::{Side, TransportErrorCode};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::quic::{ClientConnection, KeyChange, Secrets, Version};
use rustls::{ClientConfig, RootCertStore};

/// A QUIC packet of the right lengths: a header, and a payload with room for the tag.
const HEADER: &[u8] = b"header";
const TEXT: &[u8] = b"a check-in";

/// A session after the handshake, and the secrets of the client's next keys.
struct Met {
    session: Box<dyn Session>,
    of_client: Secrets,
}

fn configs() -> (Arc<QuicCrypto>, Arc<ClientConfig>) {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = key.cert.der().clone();
    let private = PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(crate::serve::tls::provider());
    let mut server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], private)
        .unwrap();
    server.alpn_protocols = vec![b"h3".to_vec()];
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"h3".to_vec()];
    (Arc::new(QuicCrypto::new(Arc::new(server)).unwrap()), Arc::new(client))
}

/// All that a side has to say, with the last keys of it.
fn written<K>(mut write: impl FnMut(&mut Vec<u8>) -> Option<K>) -> (Vec<Vec<u8>>, Option<K>) {
    let (mut parts, mut last) = (Vec::new(), None);
    loop {
        let mut part = Vec::new();
        let keys = write(&mut part);
        if part.is_empty() && keys.is_none() {
            return (parts, last);
        }
        parts.push(part);
        last = keys.or(last);
    }
}

fn meet() -> Met {
    let (server, client) = configs();
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(client, Version::V1, name, Vec::new()).unwrap();
    let parameters = TransportParameters::read(Side::Server, &mut [].as_slice()).unwrap();
    let mut session = server.start_session(QUIC_VERSION, &parameters);
    let (hello, _) = written(|out| client.write_hs(out));
    assert_eq!(hello.iter().filter(|part| session.read_handshake(part).unwrap()).count(), 1);
    let data = session.handshake_data().unwrap().downcast::<HandshakeData>().unwrap();
    assert_eq!(
        (data.protocol.as_deref(), data.server_name.as_deref()),
        (Some(&b"h3"[..]), Some("localhost"))
    );
    let (flight, _) = written(|out| session.write_handshake(out));
    flight.iter().for_each(|part| client.read_hs(part).unwrap());
    let (finished, change) = written(|out| client.write_hs(out));
    assert!(session.is_handshaking());
    finished.iter().for_each(|part| assert!(!session.read_handshake(part).unwrap()));
    assert!(!session.is_handshaking());
    let (tickets, none) = written(|out| session.write_handshake(out));
    assert!(none.is_none() && tickets.concat().len() > 100, "a ticket follows the handshake");
    let Some(KeyChange::OneRtt { next, .. }) = change else { panic!("the client has no keys") };
    Met { session, of_client: next }
}

/// The payload that the reader decrypts of a packet of the writer.
fn carried(writer: &dyn PacketKey, reader: &dyn PacketKey) -> Option<Vec<u8>> {
    let mut packet = [HEADER, TEXT, &vec![0; writer.tag_len()]].concat();
    writer.encrypt(7, &mut packet, HEADER.len());
    let mut payload = BytesMut::from(&packet[HEADER.len()..]);
    reader.decrypt(7, HEADER, &mut payload).ok()?;
    Some(payload.to_vec())
}

#[test]
fn each_generation_of_keys_is_the_clients() {
    let Met { mut session, mut of_client } = meet();
    let pairs: Vec<_> = (0..3).map(|_| session.next_1rtt_keys().unwrap()).collect();
    let clients: Vec<_> = (0..3).map(|_| of_client.next_packet_keys()).collect();
    // The last generation first: a packet of an earlier one may come late.
    for (at, pair) in pairs.iter().enumerate().rev() {
        for (other, client) in clients.iter().enumerate() {
            let expected = (at == other).then(|| TEXT.to_vec());
            assert_eq!(carried(&*pair.local, &client.remote), expected);
            assert_eq!(carried(&client.local, &*pair.remote), expected);
        }
    }
}

#[test]
fn after_the_handshake_tls_has_nothing_to_say() {
    let Met { mut session, .. } = meet();
    assert!(session.handshake_data().is_none() && session.early_crypto().is_none());
    let key_update = [24, 0, 0, 1, 0];
    let error = session.read_handshake(&key_update).unwrap_err();
    assert_eq!(error.code, TransportErrorCode::crypto(10), "unexpected_message");
    assert!(session.write_handshake(&mut Vec::new()).is_none());
}
