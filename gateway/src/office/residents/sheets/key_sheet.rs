//! The printable sheets of an import: one A4 page for each person, whose QR code hands the key to a phone.
//! The key stands in the fragment of an address, which a browser does not send to any server.

use crate::office::http::error::OfficeError;
use crate::office::poster::escape;
use crate::office::residents::people::PhoneKey;
use bytes::BytesMut;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use scangate_core::person::{DocumentType, PackedHolder, Personal};
use serde_json::Value;

/// The lines on one page of refused lines.
const REFUSED_A_PAGE: usize = 25;

/// The beginning of the document, with the style of its pages.
const HEAD: &str = concat!(
    "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<title>健康码登记单 Registration sheets</title>\n<style>\n",
    "@page { size: A4; margin: 0; }\n",
    "body { margin: 0; font-family: sans-serif; color: #000; background: #fff; }\n",
    "section { box-sizing: border-box; width: 210mm; height: 297mm; padding: 18mm; overflow: hidden; ",
    "break-after: page; break-inside: avoid; }\n",
    "section:last-child { break-after: auto; }\n",
    "h1 { font-size: 9mm; margin: 0 0 4mm; }\nh2 { font-size: 6mm; margin: 0 0 6mm; font-weight: normal; }\n",
    "dl, ol, ul, p { font-size: 4.4mm; line-height: 1.5; }\n",
    "dt { float: left; clear: left; width: 45mm; }\ndd { margin: 0 0 0 47mm; overflow-wrap: anywhere; }\n",
    "svg { display: block; width: 85mm; height: 85mm; margin: 6mm auto; }\n",
    "</style>\n</head>\n<body>\n",
);
/// The end of the document.
const FOOT: &str = "</body>\n</html>\n";

/// The texts of a city that are the same on every sheet, as HTML.
#[derive(Debug, Clone)]
pub(super) struct SheetTexts {
    title: String,
    hotline: String,
    /// The address of the residents' own page.
    own_page: String,
}

impl SheetTexts {
    /// The texts of a rule pack, for pages at this origin.
    pub(super) fn new(title: &str, hotline: &str, origin: &str) -> Self {
        Self { title: escape(title), hotline: escape(hotline), own_page: format!("{origin}/me") }
    }

    /// The sheet of a person with this key.
    pub(super) fn sheet(&self, personal: &Personal, key: &PhoneKey) -> String {
        let address = format!("{}#{}.{}.{}", self.own_page, key.person, key.kid, key.key);
        let Self { title, hotline, own_page } = self;
        format!(
            concat!(
                "<section class=\"sheet\">\n<h1>{title}</h1>\n<h2>健康码登记单 · Registration sheet</h2>\n",
                "<dl><dt>姓名 Name</dt><dd>{name}</dd><dt>{kind}</dt><dd>{number}</dd>",
                "<dt>咨询电话 Hotline</dt><dd>{hotline}</dd></dl>\n{qr}\n",
                "<ol>\n<li>用手机相机扫描上面的二维码，打开 {own_page}。<br>",
                "Scan the code above with a phone's camera. It opens {own_page}.</li>\n",
                "<li>确认后，健康码保存在这部手机上，没有网络也能出示。<br>",
                "Confirm, and the phone keeps your health code. It shows the code without a connection.</li>\n",
                "<li>没有手机？请家人代办，或向社区申请纸质通行证。<br>",
                "No phone? Let family act for you, or ask the community for a paper pass.</li>\n</ol>\n",
                "<p>此单等同钥匙，请勿转借、拍照或张贴，用后妥善保管。<br>",
                "This sheet is a key: do not lend, photograph or post it, and store it safely.</p>\n</section>\n",
            ),
            title = title,
            name = escape(&personal.name),
            kind = document_words(personal.document.r#type),
            number = document_end(personal),
            hotline = hotline,
            qr = qr(&address),
            own_page = escape(own_page),
        )
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

/// The QR code of an address as SVG.
fn qr(address: &str) -> String {
    // Level M: the code is printed once and scanned soon, and larger modules suit old cameras.
    let qr = QrCode::with_error_correction_level(address, EcLevel::M)
        .expect("an address with a key is far below QR's bound");
    let drawn = qr.render::<svg::Color<'_>>().quiet_zone(true).module_dimensions(1, 1).build();
    drawn.split_once("<svg").map_or_else(String::new, |(_, rest)| format!("<svg{rest}"))
}

/// The refused lines that are not printed yet, and the counts of all lines.
#[derive(Debug, Default)]
pub(super) struct RefusedLines {
    waiting: Vec<String>,
    refused: u64,
}

impl RefusedLines {
    /// Adds a refused line, and prints a page once there are enough of them.
    pub(super) fn add(&mut self, number: u64, wrong: &OfficeError, text: &mut BytesMut) {
        let problem = wrong.problem();
        let words = |name: &str| escape(problem.get(name).and_then(Value::as_str).unwrap_or_default());
        let (code, title, detail) = (words("code"), words("title"), words("detail"));
        self.waiting
            .push(format!("<li>第 {number} 行 line {number}: <b>{code}</b> {title}; {detail}</li>\n"));
        self.refused += 1;
        if self.waiting.len() >= REFUSED_A_PAGE {
            self.print(text);
        }
    }

    /// Prints the lines that wait, as one page. It prints nothing where none waits.
    pub(super) fn print(&mut self, text: &mut BytesMut) {
        if self.waiting.is_empty() {
            return;
        }
        let (lines, refused) = (self.waiting.concat(), self.refused);
        self.waiting.clear();
        let page = format!(
            "<section class=\"refused\">\n<h1>未登记的行 Lines that were refused</h1>\n\
             <p>至此共 {refused} 行未登记。请更正后重新提交。 Until here {refused} lines were refused. \
             Correct them and send them again.</p>\n<ul>\n{lines}</ul>\n</section>\n"
        );
        text.extend_from_slice(page.as_bytes());
    }
}

/// Writes the beginning of the document.
pub(super) fn begin(text: &mut BytesMut) {
    text.extend_from_slice(HEAD.as_bytes());
}

/// Writes the end of the document.
pub(super) fn end(text: &mut BytesMut) {
    text.extend_from_slice(FOOT.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::id::PersonId;
    use scangate_core::person::{Document, PersonClass};

    fn personal(name: &str, number: &str) -> Personal {
        let document = Document { r#type: DocumentType::Passport, number: number.to_owned() };
        let (name, phone) = (name.to_owned(), "13800000000".to_owned());
        Personal { name, phone, document, class: PersonClass::default(), district: None }
    }

    #[test]
    fn hb_14_a_sheet_has_the_name_and_only_the_end_of_the_document() {
        let texts = SheetTexts::new("徐州 & 苏康码", "12345", "https://scan.example");
        let key =
            PhoneKey { person: PersonId(1), kid: 1, key: "the key".to_owned(), replaced: None, review: None };
        let sheet = texts.sheet(&personal("<b>张三</b>", "E12345678"), &key);
        assert!(sheet.contains("徐州 &amp; 苏康码") && sheet.contains("&lt;b&gt;张三&lt;/b&gt;"), "{sheet}");
        assert!(sheet.contains("…5678") && !sheet.contains("45678") && sheet.contains("12345"), "{sheet}");
        // The key stands in the drawing alone.
        assert!(!sheet.contains("the key") && sheet.matches("<svg").count() == 1, "{sheet}");
    }

    #[test]
    fn hb_14_no_refused_line_is_lost_however_many_there_are() {
        let (mut refused, mut text) = (RefusedLines::default(), BytesMut::new());
        for number in 1..=2 * REFUSED_A_PAGE as u64 + 3 {
            refused.add(number, &OfficeError::DistrictWrong, &mut text);
        }
        refused.print(&mut text);
        refused.print(&mut text);
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert_eq!(text.matches("<section").count(), 3);
        assert_eq!(text.matches("<li>").count(), 2 * REFUSED_A_PAGE + 3);
        assert!(text.contains("line 53:") && text.contains("district-wrong"), "{text}");
    }
}
