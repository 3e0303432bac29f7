//! rtnetlink messages as values: a request that can be sent, replies that can be read, attributes either way.
//!
//! Attributes are raw on purpose. What `ip` prints and sends is a table of keyword, number and width, and the typed
//! messages of `netlink-packet-route` cost 1.8 times the whole of a dump; its framing crate is used for the rest.

use std::net::IpAddr;

use netlink_packet_core::{DefaultNla, Emitable, NLA_F_NESTED, NLM_F_ECHO, NlasIterator};

/// One rtnetlink request: type, flags, and everything behind the netlink header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `RTM_…`.
    pub kind: u16,
    /// `NLM_F_…`.
    pub flags: u16,
    /// The family header and the attributes.
    pub body: Vec<u8>,
}

impl Request {
    /// A request from its family header and attributes.
    #[must_use]
    pub fn new(kind: u16, flags: u16, header: &[u8], attributes: &Attributes) -> Self {
        let mut body = header.to_vec();
        body.extend_from_slice(&attributes.bytes());
        Self { kind, flags, body }
    }

    /// The same change, of which the kernel is to tell what it did.
    #[must_use]
    pub fn echoed(self) -> Self {
        Self {
            flags: self.flags | NLM_F_ECHO,
            ..self
        }
    }
}

/// One message of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// `RTM_…`.
    pub kind: u16,
    /// The family header and the attributes.
    pub body: Vec<u8>,
}

/// Attributes to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes(Vec<DefaultNla>);

impl Attributes {
    /// An attribute of any bytes.
    pub fn put(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        self.0.push(DefaultNla::new(kind, value.to_vec()));
        self
    }

    /// A number in the host's byte order.
    pub fn put_u32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.put(kind, &value.to_ne_bytes())
    }

    /// Text with a NUL behind it.
    pub fn put_text(&mut self, kind: u16, value: &str) -> &mut Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.put(kind, &bytes)
    }

    /// An IPv4 or IPv6 address.
    pub fn put_address(&mut self, kind: u16, address: IpAddr) -> &mut Self {
        match address {
            IpAddr::V4(v4) => self.put(kind, &v4.octets()),
            IpAddr::V6(v6) => self.put(kind, &v6.octets()),
        }
    }

    /// Attributes within an attribute, flagged as such.
    pub fn put_nested(&mut self, kind: u16, inner: &Attributes) -> &mut Self {
        self.put(kind | NLA_F_NESTED, &inner.bytes())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As they go out.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let attributes = self.0.as_slice();
        let mut bytes = vec![0; attributes.buffer_len()];
        attributes.emit(&mut bytes);
        bytes
    }
}

/// Attributes that were received: a view on the reply's bytes. Of two of a kind the later one counts, as in iproute2.
#[derive(Debug, Clone, Default)]
pub struct Received<'a>(Vec<(u16, &'a [u8])>);

impl<'a> Received<'a> {
    /// Reads what stands behind a header of `header` bytes. What is cut off or malformed ends the reading.
    #[must_use]
    pub fn behind(body: &'a [u8], header: usize) -> Self {
        Self::read(body.get(header..).unwrap_or_default())
    }

    /// Reads a row of attributes.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Self {
        Self(
            NlasIterator::new(bytes)
                .map_while(Result::ok)
                .map(|nla| (nla.kind(), value(nla.into_inner())))
                .collect(),
        )
    }

    /// Reads a row of attributes that fills the bytes to their end; nothing if they are no such row.
    #[must_use]
    pub fn whole(bytes: &'a [u8]) -> Option<Self> {
        let attributes: Result<Vec<_>, _> = NlasIterator::new(bytes).collect();
        attributes.ok().map(|_| Self::read(bytes))
    }

    /// The value of an attribute.
    #[must_use]
    pub fn bytes(&self, kind: u16) -> Option<&'a [u8]> {
        self.0
            .iter()
            .rev()
            .find(|(found, _)| *found == kind)
            .map(|(_, value)| *value)
    }

    /// Every attribute, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + '_ {
        self.0.iter().copied()
    }

    /// A number in the host's byte order.
    #[must_use]
    pub fn u32(&self, kind: u16) -> Option<u32> {
        self.bytes(kind).and_then(u32_of)
    }

    /// One byte.
    #[must_use]
    pub fn u8(&self, kind: u16) -> Option<u8> {
        self.bytes(kind).and_then(|value| value.first().copied())
    }

    /// The number of one, two, four or eight bytes in the host's byte order that an attribute's whole value is.
    #[must_use]
    pub fn number(&self, kind: u16) -> Option<u64> {
        self.bytes(kind).and_then(number_of)
    }

    /// Text up to its NUL.
    #[must_use]
    pub fn text(&self, kind: u16) -> Option<String> {
        self.bytes(kind).map(text_of)
    }

    /// The attributes inside one.
    #[must_use]
    pub fn nested(&self, kind: u16) -> Option<Received<'a>> {
        self.bytes(kind).map(Received::read)
    }

    /// An IPv4 or IPv6 address, told apart by its length.
    #[must_use]
    pub fn address(&self, kind: u16) -> Option<IpAddr> {
        self.bytes(kind).and_then(address_of)
    }
}

/// `NlaBuffer::value` borrows from the buffer it stands in; this borrows from the reply.
fn value(attribute: &[u8]) -> &[u8] {
    let len = attribute
        .get(..2)
        .and_then(|len| len.try_into().ok())
        .map_or(0, u16::from_ne_bytes);
    attribute.get(4..usize::from(len)).unwrap_or_default()
}

/// The first four bytes as a number in the host's byte order.
#[must_use]
pub fn u32_of(value: &[u8]) -> Option<u32> {
    value
        .get(..4)
        .and_then(|bytes| bytes.try_into().ok())
        .map(u32::from_ne_bytes)
}

/// A number in the host's byte order, as wide as the value is.
#[must_use]
pub fn number_of(value: &[u8]) -> Option<u64> {
    match *value {
        [byte] => Some(byte.into()),
        [a, b] => Some(u16::from_ne_bytes([a, b]).into()),
        [a, b, c, d] => Some(u32::from_ne_bytes([a, b, c, d]).into()),
        _ => value.try_into().ok().map(u64::from_ne_bytes),
    }
}

/// Text up to its NUL; what is not UTF-8 is replaced.
#[must_use]
pub fn text_of(value: &[u8]) -> String {
    let text = value.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

/// An address, told apart by its length.
#[must_use]
pub fn address_of(value: &[u8]) -> Option<IpAddr> {
    match value.len() {
        4 => <[u8; 4]>::try_from(value).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(value).ok().map(IpAddr::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let mut inner = Attributes::default();
        inner.put_text(1, "veth");
        let mut outer = Attributes::default();
        outer
            .put_u32(4, 1400)
            .put_address(5, "192.0.2.1".parse().unwrap())
            .put_nested(18, &inner);
        let bytes = outer.bytes();
        let read = Received::read(&bytes);
        assert_eq!(read.u32(4), Some(1400));
        assert_eq!(read.address(5), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(read.nested(18).unwrap().text(1).as_deref(), Some("veth"));
        assert_eq!(read.bytes(7), None);
    }

    #[test]
    fn a_cut_attribute_ends_the_reading_and_nothing_else() {
        let mut attributes = Attributes::default();
        attributes.put_u32(1, 7).put_u32(2, 8);
        let bytes = attributes.bytes();
        let read = Received::read(&bytes[..12]);
        assert_eq!((read.u32(1), read.u32(2)), (Some(7), None));
    }

    #[test]
    fn the_later_of_two_counts() {
        let mut attributes = Attributes::default();
        attributes.put_u32(1, 7).put_u32(1, 8);
        assert_eq!(Received::read(&attributes.bytes()).u32(1), Some(8));
    }
}
