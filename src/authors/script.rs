//! Entrypoint scripts: what the container runs in the end.

use std::collections::BTreeMap;

use super::shell::{Simple, commands, expand};

/// The end of a script.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The arguments that the script was given: `exec "$@"`.
    Arguments,
    /// A command of its own.
    Command(Vec<String>),
}

/// What the last command in the foreground is, and the values that the script's variables have when
/// nothing else is given.
pub(super) fn read(
    text: &str,
    values: &BTreeMap<String, String>,
) -> Option<(End, BTreeMap<String, String>)> {
    let all = commands(text);
    let mut known = values.clone();
    for command in &all {
        for (name, value) in &command.assigned {
            if let Some(value) = expand(value, &known) {
                known.insert(name.clone(), value);
            }
        }
    }
    let runs = |command: &&Simple| !command.words.is_empty() && !command.beside && !ends(command);
    let is_exec = |command: &&Simple| command.words.first().is_some_and(|word| word == "exec");
    // The last `exec` is reached when none before it was.
    let last = all
        .iter()
        .filter(runs)
        .rev()
        .find(is_exec)
        .or_else(|| all.iter().rev().find(runs))?;
    let words = unwrap(&last.words);
    if words
        .iter()
        .any(|word| word == "$@" || word == "$*" || word == "${@}")
    {
        let before: Vec<String> = words
            .iter()
            .take_while(|word| !word.starts_with("$@") && !word.starts_with("$*"))
            .cloned()
            .collect();
        if before.is_empty() {
            return Some((End::Arguments, known));
        }
        return Some((End::Command(before), known));
    }
    (!words.is_empty()).then_some((End::Command(words), known))
}

/// The body of a function of a script: `server() { … }`. Scripts that know subcommands have one for
/// each.
pub(super) fn function<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let start = text.find(&format!("\n{name}()")).map(|at| at + 1)?;
    let open = start + text[start..].find('{')? + 1;
    let end = open + text[open..].find("\n}")?;
    Some(&text[open..end])
}

/// Commands after which a script does nothing more.
fn ends(command: &Simple) -> bool {
    command.words.first().is_some_and(|word| {
        matches!(
            word.as_str(),
            "exit" | "return" | "wait" | "true" | "echo" | ":"
        )
    })
}

/// The command behind programs that only prepare the process for it.
pub(super) fn unwrap(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    for _ in 0..8 {
        let Some(first) = words.first() else {
            break;
        };
        let name = first.rsplit('/').next().unwrap_or(first).to_owned();
        let skip = match name.as_str() {
            "exec" | "nohup" | "time" | "command" => 1,
            "tini" | "dumb-init" | "catatonit" | "tini-static" | "env" | "sudo" => {
                let rest = words.iter().skip(1);
                let mut count = 1;
                for word in rest {
                    let own = word.starts_with('-') || word.contains('=') && !word.contains('/');
                    if !own {
                        break;
                    }
                    count += 1;
                    if word == "--" {
                        break;
                    }
                }
                count
            }
            "su-exec" | "gosu" | "s6-setuidgid" | "setpriv" | "chroot" => {
                let flags = words
                    .iter()
                    .skip(1)
                    .take_while(|word| word.starts_with('-'));
                2 + flags.count()
            }
            _ => 0,
        };
        if skip > 0 {
            words.drain(..skip.min(words.len()));
            continue;
        }
        let text = match (name.as_str(), words.get(1).map(String::as_str)) {
            ("sh" | "bash" | "ash", Some("-c" | "-ec" | "-lc" | "-exc")) => words.get(2).cloned(),
            _ => None,
        };
        let Some(text) = text else {
            break;
        };
        let all = commands(&text);
        match all.iter().rev().find(|command| !command.words.is_empty()) {
            Some(last) => words.clone_from(&last.words),
            None => return Vec::new(),
        }
        // What the script behind `sh -c` is given beside its own words stays out.
        words.retain(|word| word != "$@");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Option<End> {
        read(text, &BTreeMap::new()).map(|(end, _)| end)
    }

    fn command(text: &str) -> End {
        End::Command(text.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn the_last_command_counts() {
        assert_eq!(
            end("#!/bin/sh\nset -e\nnpx prisma migrate deploy\nexec node main\n"),
            Some(command("node main"))
        );
        assert_eq!(
            end("npx prisma migrate deploy\nHOSTNAME=0.0.0.0 node build/server.js\n"),
            Some(command("node build/server.js"))
        );
        assert_eq!(
            end(
                "if [ \"$X\" = 1 ]; then\n exec supervisord\nelse\n tasks &\n exec uwsgi --http :9090\nfi"
            ),
            Some(command("uwsgi --http :9090"))
        );
        assert_eq!(
            end("if [ 1 ]; then\n exec su-exec a:b \"$@\"\nelse\n exec \"$@\"\nfi"),
            Some(End::Arguments)
        );
        assert_eq!(
            end("exec gosu app myprog serve \"$@\""),
            Some(command("myprog serve"))
        );
        assert_eq!(end(""), None);
        let text = "#!/bin/sh\nserver() {\n  exec gunicorn a:b\n}\ncase $1 in\n server) shift; server;;\nesac\n";
        assert_eq!(
            end(function(text, "server").unwrap()),
            Some(command("gunicorn a:b"))
        );
        assert_eq!(function(text, "x"), None);
    }

    #[test]
    fn wrappers_are_taken_off() {
        let words = |text: &str| shlex::split(text).unwrap();
        for (text, expected) in [
            ("/sbin/tini -s -- /app/run serve", "/app/run serve"),
            (
                "sh -c 'a && exec java $OPTS -jar x.jar'",
                "java $OPTS -jar x.jar",
            ),
            ("dumb-init node x.js", "node x.js"),
            ("env A=1 run", "run"),
        ] {
            assert_eq!(unwrap(&words(text)).join(" "), expected);
        }
    }
}
