//! The operations of the document, found by method and path, and what each lists.

use super::closed::referred;
use anyhow::ensure;
use bytes::Bytes;
use http::{Method, Response, Uri};
use serde_json::Value;

/// All operations of a document.
pub(super) struct Routes(Vec<Operation>);

/// One operation of the document.
pub(super) struct Operation {
    /// Its `operationId`.
    pub(super) name: String,
    method: String,
    segments: Vec<String>,
    /// The JSON pointer to it.
    pointer: String,
}

/// What the document lists for one status of an operation.
pub(super) struct Listed<'a> {
    pointer: String,
    response: &'a Value,
    description: &'a str,
}

impl Routes {
    pub(super) fn of(document: &Value) -> Self {
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                operations.push(Operation {
                    name: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                    method: method.to_uppercase(),
                    segments: path.split('/').map(str::to_owned).collect(),
                    pointer: format!("/paths/{}/{method}", escaped(path)),
                });
            }
        }
        // The path with the fewest parameters comes first.
        operations
            .sort_by_key(|operation| operation.segments.iter().filter(|part| is_parameter(part)).count());
        Self(operations)
    }

    pub(super) fn find(&self, method: &Method, path: &str) -> Option<&Operation> {
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        let plain = plain(path);
        let segments: Vec<&str> = plain.split('/').collect();
        self.0.iter().find(|operation| operation.method == method && operation.fits(&segments))
    }
}

impl Operation {
    fn fits(&self, segments: &[&str]) -> bool {
        let fits =
            |(own, other): (&String, &&str)| if is_parameter(own) { !other.is_empty() } else { own == other };
        self.segments.len() == segments.len() && self.segments.iter().zip(segments).all(fits)
    }

    fn content<'a>(&self, document: &'a Value) -> &'a Value {
        document.pointer(&self.pointer).unwrap_or(&Value::Null)
    }

    /// What the document lists for a status.
    pub(super) fn response<'a>(&self, document: &'a Value, status: u16) -> Option<Listed<'a>> {
        let own = self.content(document)["responses"].get(status.to_string())?;
        let (pointer, response) = match own["$ref"].as_str() {
            Some(place) => (place.to_owned(), referred(document, place)?),
            None => (format!("#{}/responses/{status}", self.pointer), own),
        };
        let description = own["description"].as_str().or(response["description"].as_str())?;
        Some(Listed { pointer, response, description })
    }

    /// The media type of the request's body, and the reference to its schema.
    pub(super) fn request_schema<'a>(&self, document: &'a Value) -> Option<(&'a str, String)> {
        let content = self.content(document)["requestBody"]["content"].as_object()?;
        let (media_type, _) = content.iter().next()?;
        let pointer = format!("#{}/requestBody/content/{}/schema", self.pointer, escaped(media_type));
        Some((media_type, pointer))
    }

    /// Whether its answer has a line for each line of the request.
    pub(super) fn answers_lines(&self, document: &Value) -> bool {
        let content = &self.content(document)["responses"]["200"]["content"];
        content["application/x-ndjson"]["schema"].get("oneOf").is_some()
    }

    /// Whether it has a query. A query to another operation is ignored.
    fn has_query(&self, document: &Value) -> bool {
        let own = self.content(document)["parameters"].as_array();
        own.into_iter().flatten().any(|one| one["in"] == "query")
    }

    /// The parameters of a request in its path and query, each with the reference to its schema.
    pub(super) fn parameters(&self, document: &Value, uri: &Uri) -> anyhow::Result<Vec<(String, Value)>> {
        let mut found = Vec::new();
        let path = plain(uri.path());
        let in_path = self.segments.iter().zip(path.split('/')).filter(|(own, _)| is_parameter(own));
        let in_path = in_path.map(|(own, value)| ("path", own.trim_matches(['{', '}']), value));
        let query = uri.query().into_iter().flat_map(|query| query.split('&'));
        let in_query = query.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        for (place, name, value) in in_path.chain(in_query.map(|(name, value)| ("query", name, value))) {
            let own = self.content(document)["parameters"].as_array().into_iter().flatten();
            let mut own = own.enumerate().filter(|(_, one)| one["in"] == place && one["name"] == name);
            let Some((number, parameter)) = own.next() else {
                ensure!(place == "query" && !self.has_query(document), "`{name}` is not listed");
                continue;
            };
            let value = decoded(value);
            let schema = &parameter["schema"];
            let schema =
                schema["$ref"].as_str().and_then(|place| referred(document, place)).unwrap_or(schema);
            let is_number = schema["type"] == "integer";
            let value = if is_number { serde_json::from_str(&value)? } else { Value::String(value) };
            found.push((format!("#{}/parameters/{number}/schema", self.pointer), value));
        }
        Ok(found)
    }
}

impl Listed<'_> {
    pub(super) fn has_content(&self) -> bool {
        self.response.get("content").is_some()
    }

    /// The reference to the schema of a media type.
    pub(super) fn schema(&self, media_type: &str) -> Option<String> {
        self.response["content"].get(media_type)?;
        Some(format!("{}/content/{}/schema", self.pointer, escaped(media_type)))
    }

    /// Whether the schema of a media type describes each line, rather than the text.
    pub(super) fn is_of_lines(&self, media_type: &str) -> bool {
        self.response["content"][media_type]["schema"]["type"] != "string"
    }

    /// The headers of an answer that are listed, each with the reference to its schema. Fails if a required
    /// one is missing.
    pub(super) fn headers(
        &self,
        document: &Value,
        answer: &Response<Bytes>,
    ) -> anyhow::Result<Vec<(String, Value)>> {
        let mut found = Vec::new();
        for (name, own) in self.response["headers"].as_object().into_iter().flatten() {
            let component =
                own["$ref"].as_str().and_then(|place| Some((place.to_owned(), referred(document, place)?)));
            let (pointer, header) =
                component.unwrap_or_else(|| (format!("{}/headers/{}", self.pointer, escaped(name)), own));
            let Some(value) = answer.headers().get(name.as_str()) else {
                ensure!(header["required"] != true, "the header `{name}` is missing");
                continue;
            };
            let value = typed(&header["schema"], value.to_str()?.to_owned())?;
            found.push((format!("{pointer}/schema"), value));
        }
        Ok(found)
    }

    /// Fails if the description does not name the problem's code.
    pub(super) fn check_code(&self, problem: &Value) -> anyhow::Result<()> {
        let code = problem["code"].as_str().unwrap_or_default();
        let mut codes = self.description.split('`').skip(1).step_by(2);
        ensure!(codes.any(|listed| listed == code), "`{code}` is not among the codes: {}", self.description);
        Ok(())
    }
}

/// The value that a text stands for under a schema.
fn typed(schema: &Value, text: String) -> anyhow::Result<Value> {
    if schema["type"] == "integer" { Ok(serde_json::from_str(&text)?) } else { Ok(Value::String(text)) }
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

/// A name as a part of a JSON pointer (RFC 6901 section 3).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A path whose percent-encoded unreserved characters are plain (RFC 3986 section 2.3).
fn plain(path: &str) -> String {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    unescaped(path, is_unreserved)
}

fn decoded(text: &str) -> String {
    unescaped(text, |_| true)
}

fn unescaped(text: &str, is_plain: impl Fn(u8) -> bool) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&first, more)) = rest.split_first() {
        let digits = more.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escape = digits.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escape.filter(|&byte| is_plain(byte)) {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
