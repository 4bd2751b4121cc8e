//! Settings: what they are, where they come from, and what is wrong with them.

/// What a file, an editor or a command line may set. `None` means: not said here.
#[derive(Clone, Debug, Default)]
pub struct Settings {}

impl Settings {
    /// Reads an editor's settings. What is wrong with them is said in words for people, one sentence a problem; the rest applies.
    pub fn from_json(_settings: &serde_json::Value) -> (Settings, Vec<String>) {
        (Settings::default(), Vec::new())
    }
}
