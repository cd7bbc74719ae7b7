//! The little YAML that a model folder needs: texts in double quotes, whatever they hold.

use std::fmt::Write;

/// A text as a YAML scalar in double quotes, which every YAML reader reads back as that text.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(letter),
            // Of the others YAML knows some as line ends and refuses some.
            _ => {
                let _ = match u32::from(letter) {
                    code @ ..=0xff => write!(out, "\\x{code:02x}"),
                    code @ ..=0xffff => write!(out, "\\u{code:04x}"),
                    code => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_one_line_of_ascii() {
        let cases = [
            ("plain: text # no comment", r#""plain: text # no comment""#),
            ("a \"b\" \\ c\n\t", r#""a \"b\" \\ c\n\t""#),
            ("größe\u{2028}\u{85}\u{7f}\0 \u{1f600}", r#""gr\xf6\xdfe\u2028\x85\x7f\x00 \U0001f600""#),
            ("", "\"\""),
        ];
        for (text, yaml) in cases {
            assert_eq!(quoted(text), yaml);
        }
    }
}
