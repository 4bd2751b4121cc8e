//! A project with notes.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Client, capable, uri};

/// A function whose default is one list for all calls: the hover stands at the brackets.
pub const CODE: &str = "def log(event, events=[]):\n    events.append(event)\n    return events\n";

pub const NOTE: &str = "# Mutable default arguments\n\nThe list is born once, with the function.\n";

/// A project with its notes.
pub struct Vault(TempDir);

impl Vault {
    /// `a.py`, and these notes in the folder `notes`, which the project's file names.
    pub fn new(notes: &[(&str, &[u8])]) -> Vault {
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault(folder);
        fs::create_dir(vault.path("notes")).expect("a folder");
        vault.write("marginote.toml", b"notes = [\"notes\"]\n");
        vault.write("a.py", CODE.as_bytes());
        for (name, text) in notes {
            vault.write(&format!("notes/{name}"), text);
        }
        vault
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let real = fs::canonicalize(self.0.path()).expect("it is there");
        real.join(name)
    }

    pub fn uri(&self, name: &str) -> String {
        uri(&self.path(name))
    }

    pub fn write(&self, name: &str, text: &[u8]) {
        fs::write(self.path(name), text).expect("a file");
    }

    /// A server for the project that has read its notes.
    pub fn serve(&self, client: Client) -> Client {
        self.serve_to(client, capable())
    }

    pub fn serve_to(&self, mut client: Client, capabilities: Value) -> Client {
        let folder = json!({"uri": uri(&self.path("")), "name": "f"});
        client.initialize(json!({"capabilities": capabilities, "workspaceFolders": [folder]}));
        read(&mut client);
        client
    }
}

/// Waits until the notes and the project are read.
pub fn read(client: &mut Client) {
    client.wait("the end of reading", |message| {
        message["params"]["value"]["kind"] == "end"
    });
}

/// The parameters of a request about a place.
pub fn at(uri: &str, line: usize, character: usize) -> Value {
    json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}})
}
