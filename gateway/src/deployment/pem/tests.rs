//! Each file that an operator may take for another, with the remedy.

use super::*;
use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};

/// A certificate with its key, in PEM and DER.
struct Pair {
    key: KeyPair,
    chain: rcgen::Certificate,
}

impl Pair {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let chain =
            CertificateParams::new(vec!["gate.example".to_owned()]).unwrap().self_signed(&key).unwrap();
        Self { key, chain }
    }
}

/// The error of reading these bytes as a chain, and as a key.
fn errors(bytes: &[u8]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, bytes).unwrap();
    let name = file.display().to_string();
    let words = |error: Option<PemError>| error.map(|error| error.to_string().replace(&name, "FILE"));
    (words(read_chain(&file).err()).unwrap_or_default(), words(read_key(&file).err()).unwrap_or_default())
}

#[test]
fn each_mistake_is_told_with_its_remedy() {
    let Pair { key, chain } = Pair::new();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let request = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n";
    let public = key.public_key_pem();
    let cut = &chain.pem()[..200];
    for (bytes, as_chain, as_key) in [
        (chain.pem().as_bytes(), "", "it is a certificate: `key` needs the private key"),
        (key.serialize_pem().as_bytes(), "`certificate` and `key` are swapped", ""),
        (
            chain.der(),
            "`openssl x509 -inform der -in FILE -out FILE.pem`",
            "it is a certificate: `key` needs",
        ),
        (&key.serialize_der(), "are swapped", "`openssl pkey -inform der -in FILE -out FILE.pem`"),
        (encrypted.as_bytes(), "are swapped", "`openssl pkey -in FILE -out FILE.plain` decrypts it"),
        (request.as_bytes(), "the authority answers it", "it is a request for a certificate"),
        (public.as_bytes(), "it is a public key", "it is a public key"),
        (cut.as_bytes(), "it is cut off or damaged", "it is a certificate: `key` needs"),
        (b"\x30\x82\x01\x00pkcs12", "`openssl pkcs12 -in FILE -nodes", "`openssl pkcs12 -in FILE -nodes"),
        (b" \n", "it is empty", "it is empty"),
        (b"hello", "it is no PEM", "it is no PEM"),
    ] {
        let (chain, key) = errors(bytes);
        assert!(chain.contains(as_chain) && key.contains(as_key), "{chain} / {key}");
        assert_eq!((chain.is_empty(), key.is_empty()), (as_chain.is_empty(), as_key.is_empty()));
        let names = |error: &str, wished: &str| {
            error.is_empty() || error.starts_with(&format!("FILE: it holds no {wished} in PEM: "))
        };
        assert!(names(&chain, "certificate") && names(&key, "private key"), "{chain} / {key}");
    }
}

#[test]
fn a_key_belongs_to_the_first_certificate() {
    let (own, other) = (Pair::new(), Pair::new());
    let of = |chain: &[&Pair], key: &KeyPair| {
        let chain = chain.iter().map(|pair| pair.chain.der().clone()).collect();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let paired = pair((Path::new("c.pem"), chain), (Path::new("k.pem"), key));
        paired.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(of(&[&own, &other], &own.key), "");
    assert!(!of(&[&own], &KeyPair::generate_for(&PKCS_ED25519).unwrap()).is_empty());
    assert_eq!(
        of(&[&other, &own], &own.key),
        "k.pem does not belong to c.pem: it belongs to number 2 of the chain: put that certificate first"
    );
    assert!(of(&[&other], &own.key).contains("compare `openssl x509 -in c.pem -noout -pubkey` with"));
}
