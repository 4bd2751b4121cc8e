use super::{HOSTILE_NAME, assert_printable, project, written};

#[test]
fn every_line_is_a_command() {
    let project = project();
    let (commands, problems) = written(&project, "github");
    assert!(problems.is_empty(), "{problems}");
    assert_printable(&commands);
    let commands: Vec<&str> = commands.lines().collect();
    assert_eq!(commands.len(), 3, "{commands:#?}");
    assert!(commands[0].starts_with("::error file=binary\\u{1b}.py,title=Marginote::"));
    assert!(commands[2].starts_with(
        "::warning file=pkg/a.py,line=1,endLine=1,col=15,endColumn=17,title=MUT001 mutable-default::every call of `f`"
    ));
    assert!(commands[2].contains("%0Aline 2: ") && commands[2].contains("%0Awhy: "));
}

#[test]
fn a_name_is_read_as_it_is() {
    let project = project();
    let (commands, _) = written(&project, "github");
    let hostile = commands.lines().nth(1).expect("a command");
    let (head, message) = hostile[2..].split_once("::").expect("a message");
    let (command, properties) = head.split_once(' ').expect("properties");
    assert_eq!((command, message.contains("::")), ("warning", false));
    let file = properties.split(',').next().expect("a file");
    let file = file.strip_prefix("file=").expect("a file").to_owned();
    // as the runner reads it
    let read = [
        ("%0D", "\r"),
        ("%0A", "\n"),
        ("%3A", ":"),
        ("%2C", ","),
        ("%25", "%"),
    ];
    let read = read
        .iter()
        .fold(file, |file, (from, to)| file.replace(from, to));
    let shown = HOSTILE_NAME
        .replace('\x1b', "\\u{1b}")
        .replace('\u{202e}', "\\u{202e}");
    assert_eq!(read, shown);
}
