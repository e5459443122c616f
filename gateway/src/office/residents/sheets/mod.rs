//! Documents to print: the sheets and the refused lines of an import, and paper passes.

pub(in crate::office) mod key_sheet;
pub(in crate::office) mod pass_sheet;
pub(in crate::office) mod refused_lines;

use crate::office::Office;
use crate::office::poster::escape;
use axum::response::Response;
use bytes::BytesMut;
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use scangate_core::person::{DocumentType, PackedHolder, Personal};

/// The content security policy of a document, which has its own style and loads nothing.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// The media type of a document.
pub(in crate::office) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// The beginning of a document, with the style of its pages.
const HEAD: &str = concat!(
    "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<title>健康码登记单和通行证 Registration sheets and passes</title>\n<style>\n",
    "@page { size: A4; margin: 0; }\n",
    "body { margin: 0; font-family: sans-serif; color: #000; background: #fff; }\n",
    "section { box-sizing: border-box; width: 210mm; height: 297mm; padding: 18mm; overflow: hidden; ",
    "break-after: page; break-inside: avoid; }\n",
    "section:last-child { break-after: auto; }\n",
    "h1 { font-size: 9mm; margin: 0 0 4mm; }\nh2 { font-size: 6mm; margin: 0 0 6mm; font-weight: normal; }\n",
    "dl, ol, ul, p { font-size: 4.4mm; line-height: 1.5; }\n",
    "dt { float: left; clear: left; width: 45mm; }\ndd { margin: 0 0 0 47mm; overflow-wrap: anywhere; }\n",
    "svg { display: block; width: 85mm; height: 85mm; margin: 6mm auto; }\n",
    ".pass { box-sizing: border-box; width: 120mm; margin: 0 auto 8mm; padding: 6mm; border: .4mm dashed #000; }\n",
    ".pass h1 { font-size: 7mm; margin: 0 0 2mm; }\n.pass h2 { font-size: 5mm; margin: 0; }\n",
    ".pass svg { width: 62mm; height: 62mm; margin: 3mm auto; }\n",
    ".pass dl { margin: 0; }\n.pass dt { width: 40mm; }\n.pass dd { margin-left: 42mm; font-weight: bold; }\n",
    ".code { font: 3mm monospace; margin: 2mm 0 0; text-align: center; overflow-wrap: anywhere; }\n",
    "</style>\n</head>\n<body>\n<main>\n",
);
/// The end of a document.
const FOOT: &str = "</main>\n</body>\n</html>\n";

/// The texts of a city that are the same on every sheet, as HTML.
#[derive(Debug, Clone)]
pub(in crate::office) struct SheetTexts {
    title: String,
    hotline: String,
    /// The address of the residents' own page.
    own_page: String,
}

impl SheetTexts {
    /// The texts of the rule pack in force, for pages at this gateway's origin.
    pub(in crate::office) fn of(office: &Office) -> Self {
        let published = office.tables.policies.in_force();
        let policy = &published.policy;
        Self::new(policy.title(), policy.hotline(), &office.settings.origin.to_string())
    }

    fn new(title: &str, hotline: &str, origin: &str) -> Self {
        Self { title: escape(title), hotline: escape(hotline), own_page: format!("{origin}/me") }
    }
}

/// The type of a document, in both languages.
const fn document_words(r#type: DocumentType) -> &'static str {
    match r#type {
        DocumentType::ResidentId => "居民身份证 ID card",
        DocumentType::Passport => "护照 Passport",
        DocumentType::HkMacauPermit => "港澳通行证 Permit",
        DocumentType::TaiwanPermit => "台胞证 Permit",
    }
}

/// The end of a document's number, as staff at a door see it.
fn document_end(personal: &Personal) -> String {
    PackedHolder::of(personal).shown().map(|holder| escape(&holder.document.to_string())).unwrap_or_default()
}

/// The QR code of a text as SVG.
fn qr(text: &str) -> String {
    // Level M: the code is printed once and scanned soon, and larger modules suit old cameras.
    let qr = QrCode::with_error_correction_level(text, EcLevel::M)
        .expect("an address with a key is far below QR's bound");
    let drawn = qr.render::<svg::Color<'_>>().quiet_zone(true).module_dimensions(1, 1).build();
    let named = "<svg role=\"img\" aria-label=\"二维码 QR code\"";
    drawn.split_once("<svg").map_or_else(String::new, |(_, rest)| format!("{named}{rest}"))
}

/// Writes the beginning of a document.
pub(in crate::office) fn begin(text: &mut BytesMut) {
    text.extend_from_slice(HEAD.as_bytes());
}

/// Writes the end of a document.
pub(in crate::office) fn end(text: &mut BytesMut) {
    text.extend_from_slice(FOOT.as_bytes());
}

/// Sets the headers of an answer that is a document: it loads nothing, and no other site learns its address.
pub(in crate::office) fn protect(answer: &mut Response) {
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
    answer.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// A person for the tests of this folder.
#[cfg(test)]
fn example(name: &str, number: &str) -> Personal {
    use scangate_core::person::{Document, PersonClass};
    let document = Document { r#type: DocumentType::Passport, number: number.to_owned() };
    let (name, phone) = (name.to_owned(), "13800000000".to_owned());
    Personal { name, phone, document, class: PersonClass::default(), district: None }
}
