//! The sheet of an imported person: one A4 page, whose QR code hands the key to a phone. The key stands in
//! the fragment of an address, which a browser does not send to any server.

use super::{SheetTexts, document_end, document_words, qr};
use crate::office::poster::escape;
use crate::office::residents::people::PhoneKey;
use scangate_core::person::Personal;

impl SheetTexts {
    /// The sheet of a person with this key.
    pub(in crate::office) fn sheet(&self, personal: &Personal, key: &PhoneKey) -> String {
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

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;
    use scangate_core::id::PersonId;

    #[test]
    fn hb_14_a_sheet_has_the_name_and_only_the_end_of_the_document() {
        let texts = SheetTexts::new("徐州 & 苏康码", "12345", "https://scan.example");
        let key =
            PhoneKey { person: PersonId(1), kid: 1, key: "the key".to_owned(), replaced: None, review: None };
        let sheet = texts.sheet(&example("<b>张三</b>", "E12345678"), &key);
        assert!(sheet.contains("徐州 &amp; 苏康码") && sheet.contains("&lt;b&gt;张三&lt;/b&gt;"), "{sheet}");
        assert!(sheet.contains("…5678") && !sheet.contains("45678") && sheet.contains("12345"), "{sheet}");
        // The key stands in the drawing alone.
        assert!(!sheet.contains("the key") && sheet.matches("<svg").count() == 1, "{sheet}");
    }
}
