//! Settings: what they are, where they come from, and what is wrong with them.

/// What a file, an editor or a command line may set. `None` means: not said here.
#[derive(Clone, Debug, Default)]
pub struct Settings {}
