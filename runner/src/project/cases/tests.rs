use super::*;

fn cases(text: &str) -> Result<Cases, DocumentError> {
    Cases::of(Document::of_yaml(Path::new("cases.yaml"), text.to_owned())?)
}
