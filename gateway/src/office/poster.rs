//! A venue's poster: its code as a QR with the venue's name, as one SVG for A4.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use std::fmt::Write as _;

/// Draws a poster. **Cost**: a millisecond.
#[must_use]
pub fn svg(address: &str, name: &str, number: u16) -> String {
    // Level Q: the code still reads with a quarter of its modules damaged by weather.
    let qr =
        QrCode::with_error_correction_level(address, EcLevel::Q).expect("an address is far below QR's bound");
    let modules = qr.width() + 8;
    let drawn = qr.render::<svg::Color<'_>>().quiet_zone(true).module_dimensions(1, 1).build();
    let drawn = drawn.split_once("<svg").map_or("", |(_, rest)| rest);
    let mut poster = String::new();
    let _ = write!(
        poster,
        concat!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 210 297" width="210mm" height="297mm">"##,
            r##"<rect width="210" height="297" fill="#fff"/>"##,
            r##"<g font-family="sans-serif" text-anchor="middle" fill="#000">"##,
            r##"<text x="105" y="32" font-size="16">请扫码登记</text>"##,
            r##"<text x="105" y="44" font-size="8">Scan to check in</text>"##,
            r##"<text x="105" y="240" font-size="11">{name}</text>"##,
            r##"<text x="105" y="285" font-size="5">{number}</text></g>"##,
            r##"<g transform="translate(25 55) scale({scale})"><svg width="{modules}" height="{modules}"{drawn}</g>"##,
            r##"</svg>"##
        ),
        name = escape(name),
        number = number,
        scale = 160.0 / f64::from(u32::try_from(modules).unwrap_or(u32::MAX)),
        modules = modules,
        drawn = without_size(drawn),
    );
    poster
}

/// Strips the drawing's own width and height, which the poster sets.
fn without_size(drawn: &str) -> &str {
    drawn.find(" viewBox").map_or(drawn, |at| &drawn[at..])
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_the_drawing() {
        let poster = svg("https://localhost:8443/v/EQH", "Wok & <script>", 3);
        assert!(poster.contains("Wok &amp; &lt;script&gt;"));
        assert!(!poster.contains("<script>"));
        assert_eq!(poster.matches("<svg").count(), poster.matches("</svg>").count());
    }
}
