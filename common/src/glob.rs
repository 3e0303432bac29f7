//! Names with `*` (any characters, none too) and `?` (exactly one).

/// Whether a glob matches the whole of a text. It never looks back further than the last `*`, so a text of n characters
/// and a glob of m cost at most n times m.
#[must_use]
pub fn matches(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match (glob.get(at), text.get(seen)) {
            (Some('*'), _) => {
                star = Some((at, seen));
                at += 1;
            }
            (Some(one), other) if *one == '?' || Some(one) == other => {
                at += 1;
                seen += 1;
            }
            _ => {
                // The last `*` takes one character more.
                let Some((back, from)) = star else {
                    return false;
                };
                star = Some((back, from + 1));
                (at, seen) = (back + 1, from + 1);
            }
        }
    }
    glob.iter().skip(at).all(|rest| *rest == '*')
}

/// Whether any of the globs matches.
#[must_use]
pub fn any(globs: &[String], text: &str) -> bool {
    globs.iter().any(|glob| matches(glob, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::matches;

    #[test]
    fn stars_and_question_marks() {
        for (glob, text, is) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("team-*", "team-", true),
            ("team-*", "team-a-b", true),
            ("team-*", "steam-a", false),
            ("net?", "net1", true),
            ("net?", "net", false),
            ("net?", "net10", false),
            ("*-prod", "a-prod-prod", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("?é*", "xé", true),
        ] {
            assert_eq!(matches(glob, text), is, "{glob} {text}");
        }
    }

    #[test]
    fn a_glob_full_of_stars_ends_soon() {
        let clock = std::time::Instant::now();
        assert!(!matches(
            &"*a".repeat(30),
            &"a".repeat(60).replace('a', "ab")
        ));
        assert!(!matches(&format!("{}b", "a*".repeat(30)), &"a".repeat(60)));
        assert!(clock.elapsed() < std::time::Duration::from_millis(100));
    }

    /// As plain as can be, and exponential.
    fn slow(glob: &[char], text: &[char]) -> bool {
        match (glob.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) if slow(rest, text) => true,
            (Some(('*', _)), Some((_, text))) => slow(glob, text),
            (Some(('?', rest)), Some((_, text))) => slow(rest, text),
            (Some((one, rest)), Some((other, text))) => one == other && slow(rest, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn is_what_the_plain_definition_says(glob in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&glob, &text), slow(&chars(&glob), &chars(&text)));
        }
    }
}
