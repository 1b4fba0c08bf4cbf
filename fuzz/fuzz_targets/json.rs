//! Members of a JSON object against serde_json's own reading of it; and written again with another text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ncvc_core::source::{Fields, Malformed, OscarRules, mended};
use serde_json::Value;

fuzz_target!(|line: &[u8]| {
    if let Some(line) = mended(line) {
        assert_eq!(mended(&line), None, "what is mended once is whole");
    }
    let parsed: Option<Value> = serde_json::from_slice(line).ok();
    let fields = match Fields::parse(line) {
        Ok(fields) => fields,
        Err(error) => {
            assert!(!parsed.as_ref().is_some_and(Value::is_object), "an object was refused");
            assert_eq!(error == Malformed::InvalidUtf8, std::str::from_utf8(line).is_err());
            return;
        }
    };
    let _ = OscarRules { least_harmful_pp: Some(1.0), ..OscarRules::default() }.drop(&fields);
    let text = fields.text("text");
    // What is no value to serde_json (1e999, or a lone surrogate in another member) is left as it stands.
    if let Some(Value::Object(members)) = &parsed {
        match members.get("text") {
            None => assert_eq!(text.as_deref(), Err(&Malformed::MissingField)),
            Some(Value::String(expected)) => assert_eq!(text.as_deref(), Ok(expected.as_str())),
            Some(_) => assert_eq!(text.as_deref(), Err(&Malformed::NotAString)),
        }
    }
    if text.is_err() {
        return;
    }
    let mut written = Vec::new();
    fields.write_with("text", "熱\n\"", &mut written).expect("memory can be written");
    let again = Fields::parse(&written).expect("what was written can be read");
    assert_eq!(again.text("text").as_deref(), Ok("熱\n\""));
    if let Some(Value::Object(mut expected)) = parsed {
        expected.insert("text".to_owned(), "熱\n\"".into());
        let found: Value = serde_json::from_slice(&written).expect("what was written is JSON");
        assert_eq!(found, Value::Object(expected));
    }
});
