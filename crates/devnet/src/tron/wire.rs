//! The protobuf wire: fields by number, read without a panic and written in order.
//!
//! No library: what is needed is a varint and a length, and what a client sent is kept byte for byte, because a
//! transaction's id is the hash of its bytes.

/// One field's value on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field<'a> {
    /// Wire type 0.
    Number(u64),
    /// Wire type 2.
    Bytes(&'a [u8]),
    /// Wire types 1 and 5, which no message of ours has.
    Fixed,
}

/// The fields of a message, in the order they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields<'a>(Vec<(u32, Field<'a>)>);

/// The bytes are no protobuf message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl<'a> Fields<'a> {
    /// Reads all fields. Never more of them than there are bytes.
    pub(super) fn read(mut bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes)?;
            let number = u32::try_from(key >> 3).map_err(|_| Malformed)?;
            if number == 0 {
                return Err(Malformed);
            }
            let field = match key & 7 {
                0 => Field::Number(varint(&mut bytes)?),
                1 => take(&mut bytes, 8).map(|_| Field::Fixed)?,
                2 => {
                    let length = usize::try_from(varint(&mut bytes)?).map_err(|_| Malformed)?;
                    Field::Bytes(take(&mut bytes, length)?)
                }
                5 => take(&mut bytes, 4).map(|_| Field::Fixed)?,
                _ => return Err(Malformed),
            };
            fields.push((number, field));
        }
        Ok(Self(fields))
    }

    /// Every occurrence of a field.
    pub(super) fn all(&self, number: u32) -> impl Iterator<Item = Field<'a>> {
        self.0.iter().filter(move |(one, _)| *one == number).map(|(_, field)| *field)
    }

    /// A number, 0 when it is missing. The last one counts.
    pub(super) fn number(&self, number: u32) -> i64 {
        let last = self.all(number).filter_map(|field| match field {
            Field::Number(value) => Some(value.cast_signed()),
            _ => None,
        });
        last.last().unwrap_or(0)
    }

    /// Bytes, empty when they are missing. The last ones count.
    pub(super) fn bytes(&self, number: u32) -> &'a [u8] {
        self.each(number).last().unwrap_or(&[])
    }

    /// Every occurrence of bytes.
    pub(super) fn each(&self, number: u32) -> impl Iterator<Item = &'a [u8]> {
        self.all(number).filter_map(|field| match field {
            Field::Bytes(bytes) => Some(bytes),
            _ => None,
        })
    }

    /// True if the field is there at all.
    pub(super) fn has(&self, number: u32) -> bool {
        self.all(number).next().is_some()
    }
}

/// Writes a message. A zero and empty bytes are left out, as proto3 does.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn number(&mut self, number: u32, value: i64) {
        if value != 0 {
            self.varint(u64::from(number) << 3);
            self.varint(value.cast_unsigned());
        }
    }

    pub(super) fn bytes(&mut self, number: u32, value: &[u8]) {
        if !value.is_empty() {
            self.element(number, value);
        }
    }

    /// Bytes that are there even when they are empty: an element of a list, or a message.
    pub(super) fn element(&mut self, number: u32, value: &[u8]) {
        self.varint((u64::from(number) << 3) | 2);
        self.varint(u64::try_from(value.len()).unwrap_or(0));
        self.0.extend_from_slice(value);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).unwrap_or(0));
    }
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0_u64;
    for shift in 0..10_u32 {
        let (first, rest) = bytes.split_first().ok_or(Malformed)?;
        *bytes = rest;
        let part = u64::from(first & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 9 && part > 1 {
            return Err(Malformed);
        }
        value |= part << (shift * 7);
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Malformed)?;
    *bytes = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_defaults_are_left_out() {
        let mut writer = Writer::default();
        writer.number(1, -1);
        writer.number(2, 0);
        writer.bytes(3, b"");
        writer.bytes(10, b"memo");
        writer.element(11, b"");
        let bytes = writer.finish();
        let fields = Fields::read(&bytes).unwrap();
        assert_eq!((fields.number(1), fields.number(2)), (-1, 0));
        assert_eq!((fields.has(2), fields.has(3), fields.has(11)), (false, false, true));
        assert_eq!(fields.bytes(10), b"memo");
    }

    #[test]
    fn broken_bytes_are_refused() {
        let broken: [&[u8]; 6] = [
            &[0x80],
            &[0x00, 0x01],
            &[0x0a, 0x05, 0x01],
            &[0x0f],
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ];
        for bytes in broken {
            assert_eq!(Fields::read(bytes).err(), Some(Malformed), "{bytes:?}");
        }
    }
}
