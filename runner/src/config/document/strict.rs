//! The value of a text, by either parser: what JSON can say, once for each key, and no deeper
//! than [`MAX_DEPTH`].

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::outline::MAX_DEPTH;
use super::visible::visible;

/// What one parse may still do, and why it was stopped.
#[derive(Debug)]
pub(super) struct Limits {
    /// How many more values there may be.
    values: Cell<usize>,
    /// The reason, for the parsers put more around it.
    refusal: RefCell<Option<String>>,
}

impl Limits {
    /// The limits for a text. It has no more values than bytes, unless they are aliases.
    pub(super) fn new(text: &str) -> Self {
        Self { values: Cell::new(text.len() + 1), refusal: RefCell::new(None) }
    }

    /// Why the visitor stopped, if it did.
    pub(super) fn refusal(&self) -> Option<String> {
        self.refusal.borrow().clone()
    }

    fn refuse<T, E: Error>(&self, why: impl Into<String>) -> Result<T, E> {
        let why = why.into();
        let error = E::custom(&why);
        self.refusal.borrow_mut().get_or_insert(why);
        Err(error)
    }
}

/// Deserializes a value at a depth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strict<'l> {
    limits: &'l Limits,
    depth: usize,
}

impl<'l> Strict<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self { limits, depth: 0 }
    }

    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return self.limits.refuse(format!("it is nested more than {MAX_DEPTH} levels deep"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.limits.values.get().checked_sub(1) {
            Some(left) => self.limits.values.set(left),
            None => return self.limits.refuse("it has too many values"),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value as JSON has it")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<Value, E> {
        self.limits.refuse("the integer does not fit 64 bits")
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<Value, E> {
        self.limits.refuse("the integer does not fit 64 bits")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        match Number::from_f64(value) {
            Some(number) => Ok(Value::Number(number)),
            None => self.limits.refuse("NaN and infinities are not allowed"),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        self.limits.refuse("tags are not allowed")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key_seed(Key(self.limits))? {
            if object.contains_key(&key) {
                return self
                    .limits
                    .refuse(format!("the key `{}` is there twice", visible(&key, 60)));
            }
            object.insert(key, entries.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }
}

/// Deserializes a key, which is a string as it stands.
#[derive(Clone, Copy, Debug)]
struct Key<'l>(&'l Limits);

impl Key<'_> {
    fn refuse<E: Error>(self) -> Result<String, E> {
        self.0.refuse("a key is a string; put this one in quotes")
    }
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string as the key")
    }

    fn visit_str<E>(self, key: &str) -> Result<String, E> {
        Ok(key.to_owned())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<String, E> {
        self.refuse()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<String, E> {
        self.refuse()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<String, E> {
        self.refuse()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<String, E> {
        self.refuse()
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        self.refuse()
    }
}
