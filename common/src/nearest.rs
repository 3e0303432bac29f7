//! The known word that an unknown one was probably meant to be.

/// The known word nearest to `word`, if one is near enough to be worth naming.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn names_what_was_probably_meant_and_nothing_far_off() {
        assert_eq!(nearest("roule", ["link", "rule", "route"]), Some("rule"));
        assert_eq!(
            nearest("namespace", ["namespaces", "profile"]),
            Some("namespaces")
        );
        assert_eq!(nearest("bridge", ["link", "addr"]), None);
    }
}
