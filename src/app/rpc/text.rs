//! How answers are written: JSON. The server writes them with serde_json, the browser reads them with the reader below, both where a
//! server function is called and where a page's data stands in the page.

use leptos::prelude::*;
use leptos::server::codee::{Decoder, Encoder};
use leptos::server_fn::Bytes;
use leptos::server_fn::codec::Post;
use leptos::server_fn::{ContentType, Decodes, Encodes, Format, FormatType};
use serde::Serialize;
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde_json::{Map, Value};

/// JSON, on either side.
pub struct Text;

/// The encoding of every server function's answer.
pub type Answer = Post<Text>;

/// What a page shows of an answer. Written into the page by the server.
pub type Loaded<T> = Resource<T, Text>;

/// Loads by `fetcher`, and again whenever `source` changes.
#[track_caller]
pub fn load<S, T, F>(source: impl Fn() -> S + Send + Sync + 'static, fetcher: impl Fn(S) -> F + Send + Sync + 'static) -> Loaded<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(source, fetcher, false)
}

impl ContentType for Text {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for Text {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for Text {
    type Error = serde_json::Error;

    fn encode(answer: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(answer).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for Text {
    type Error = Unreadable;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        read(std::str::from_utf8(&bytes).map_err(|_| Unreadable)?)
    }
}

impl<T: Serialize> Encoder<T> for Text {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(answer: &T) -> Result<String, Self::Error> {
        serde_json::to_string(answer)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Text {
    type Error = Unreadable;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        read(text)
    }
}

/// An answer was not what this version of the dashboard understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer could not be read")]
pub struct Unreadable;

impl de::Error for Unreadable {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Reads an answer. In two steps, since the first is the same for all types: serde_json would bring a parser for each of them, and the
/// words for whatever can be wrong with it, which together are a twentieth of what the browser loads.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    T::deserialize(Reader(serde_json::from_str(text).map_err(|_| Unreadable)?))
}

/// A value that is made into a type.
struct Reader(Value);

impl IntoDeserializer<'_, Unreadable> for Reader {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn items(values: Vec<Value>) -> SeqDeserializer<impl Iterator<Item = Reader>, Unreadable> {
    SeqDeserializer::new(values.into_iter().map(Reader))
}

fn entries(fields: Map<String, Value>) -> MapDeserializer<'static, impl Iterator<Item = (String, Reader)>, Unreadable> {
    MapDeserializer::new(fields.into_iter().map(|(name, value)| (name, Reader(value))))
}

impl<'de> Deserializer<'de> for Reader {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(yes) => visitor.visit_bool(yes),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, Some(number)) => visitor.visit_f64(number),
                (None, None, None) => Err(Unreadable),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(values) => visitor.visit_seq(items(values)),
            Value::Object(fields) => visitor.visit_map(entries(fields)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _name: &'static str, _variants: &'static [&'static str], visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::String(word) => visitor.visit_enum(word.into_deserializer()),
            Value::Object(variant) => visitor.visit_enum(MapAccessDeserializer::new(entries(variant))),
            _ => Err(Unreadable),
        }
    }

    // The forms that most types have, each without the code for the others.

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if let Value::Object(fields) = self.0 { visitor.visit_map(entries(fields)) } else { Err(Unreadable) }
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _name: &'static str, _fields: &'static [&'static str], visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if let Value::Array(values) = self.0 { visitor.visit_seq(items(values)) } else { Err(Unreadable) }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if let Value::String(text) = self.0 { visitor.visit_string(text) } else { Err(Unreadable) }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_string(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if let Value::Bool(yes) = self.0 { visitor.visit_bool(yes) } else { Err(Unreadable) }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{Decoder, Encoder, Text, Unreadable};
    use crate::app::rpc::{PageOf, RpcError, RpcResult};
    use crate::domain::connection::Health;
    use crate::domain::{Code, Error, Timestamp};
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Wrapped(i64);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Unit,
        New(String),
        Tuple(u8, bool),
        Fields { share: f64, name: Option<String> },
    }

    fn comes_back<T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
        let text = <Text as Encoder<T>>::encode(value).unwrap();
        assert_eq!(<Text as Decoder<T>>::decode(&text).as_ref(), Ok(value), "{text}");
    }

    #[test]
    fn reads_what_is_written() {
        let page =
            PageOf { items: vec![Timestamp(0), Timestamp(1_700_000_000_000)], total: 2, total_is_minimum: false, next_cursor: Some("a\"ü\n".to_owned()) };
        let answer: RpcResult<PageOf<Timestamp>> = Ok(page);
        comes_back(&answer);
        let error = Error::new(Code::Duplicate, "There is one").with("existingId", "conn_1").with("more", serde_json::json!({ "a": [1, -2, 0.5, null, true] }));
        comes_back(&RpcResult::<()>::Err(RpcError::Failed(error)));
        comes_back(&RpcResult::<()>::Ok(()));
        comes_back(&(Some(Wrapped(i64::MIN)), u64::MAX, Health::ALL.to_vec(), None::<String>));
        comes_back(&[Shape::Unit, Shape::New(String::new()), Shape::Tuple(255, true), Shape::Fields { share: -0.25, name: None }]);
    }

    #[test]
    fn says_so_when_it_cannot() {
        for text in ["", "{", "[]", "{\"Ok\":{}}", "{\"Ok\":{\"items\":3,\"total\":0,\"total_is_minimum\":false}}", "{\"Perhaps\":1}", "null"] {
            assert_eq!(<Text as Decoder<RpcResult<PageOf<String>>>>::decode(text), Err(Unreadable), "{text}");
        }
        let with_more = "{\"Ok\":{\"items\":[\"a\"],\"total\":1,\"total_is_minimum\":false,\"later\":[{}]}}";
        assert!(<Text as Decoder<RpcResult<PageOf<String>>>>::decode(with_more).unwrap().is_ok());
    }
}
