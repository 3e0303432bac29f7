//! The hash by which records know things again.

use siphasher::sip128::SipHasher24;

/// SipHash-2-4 of 128 bits, with the key 0, in hexadecimal.
///
/// Nobody gains by two things of the same hash, since whoever writes the one may write the other. What it must be is
/// the same in every version, and cheap to start: a hash that looks what the processor can do asks CPUID, and in a
/// virtual machine that alone costs a tenth of an ADD.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    format!("{:032x}", SipHasher24::new().hash(bytes).as_u128())
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn a_value_has_the_same_hash_in_every_version() {
        assert_eq!(hash(b"ip route"), "fb6507c29f83f9c811b22417c063fd8d");
        assert_ne!(hash(b"ip route"), hash(b"ip route "));
    }
}
