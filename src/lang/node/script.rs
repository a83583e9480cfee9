//! What a script of a manifest runs in the end: variables, folders and package managers around a
//! command are taken off, so that the program itself can be started.

use crate::facts::Command;
use crate::lang::Script;

/// A script, followed to the program that it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub command: Command,
    /// Variables set in front of the command.
    pub env: Vec<(String, String)>,
    /// Set when the script hands over to another package of the workspace; the command is then the
    /// line that does.
    pub member: Option<Member>,
    /// A tool that restarts the program when a file changes was taken off.
    pub watched: Option<String>,
    /// Commands in front of it that the build runs anyway.
    pub dropped: Vec<String>,
}

/// Another package's script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name, or its folder as seen from the package whose script it is.
    pub package: String,
    pub script: String,
}

/// Scripts that call each other end here.
const DEPTH: usize = 8;

/// Follows a script's text. `scripts` are those of the same manifest.
pub(super) fn follow(text: &str, scripts: &[Script]) -> Program {
    let mut own = scripts
        .iter()
        .find(|script| script.body == text)
        .map(|script| script.name.clone())
        .unwrap_or_default();
    let mut program = Program {
        command: Command::Shell(text.trim().to_owned()),
        env: Vec::new(),
        member: None,
        watched: None,
        dropped: Vec::new(),
    };
    let mut text = text.trim().to_owned();
    for _ in 0..DEPTH {
        let parts: Vec<&str> = text.split("&&").map(str::trim).collect();
        let Some((last, before)) = parts.split_last() else {
            break;
        };
        let mut folder = None;
        let mut keep = Vec::new();
        for part in before {
            if let Some(dir) = part.strip_prefix("cd ") {
                folder = Some(dir.trim().to_owned());
            } else if installs(part) {
                // The image holds what an install brings.
            } else if builds(part) {
                program.dropped.push((*part).to_owned());
            } else {
                keep.push(*part);
            }
        }
        if !keep.is_empty() {
            // The rest runs first at every start: only a shell can do both.
            if folder.is_none() {
                let rest: Vec<&str> = keep.iter().chain([last]).copied().collect();
                program.command = Command::Shell(rest.join(" && "));
            }
            return program;
        }
        let mut rest = without_printer(last);
        while let Some((name, value, after)) = assignment(rest) {
            program.env.push((name, value));
            rest = after;
        }
        let command = Command::parse(rest);
        program.command = command.clone();
        let Command::Exec(words) = command else {
            return program;
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (mut words, watched) = strip(&words);
        while let Some((name, value)) = words
            .first()
            .and_then(|word| word.split_once('='))
            .filter(|(name, value)| is_variable(name) && !value.contains(crate::parse::is_hidden))
        {
            program.env.push((name.to_owned(), value.to_owned()));
            words.remove(0);
        }
        let (words, inner) = strip(&words);
        if let Some(tool) = watched.or(inner) {
            program.watched = Some(tool.to_owned());
        }
        program.command = Command::exec(words.iter().copied());
        let chosen_by_system = words == ["run-script-os"];
        let next = if chosen_by_system {
            for_linux(&own, scripts).map(|name| Next::Script(name, Vec::new()))
        } else {
            handed_over(&words)
        };
        match next {
            Some(Next::Member(mut member)) => {
                if let Some(folder) = folder {
                    member.package = format!("{folder}/{}", member.package);
                }
                program.command = Command::Shell(text);
                program.member = Some(member);
                return program;
            }
            Some(Next::Script(name, arguments)) => {
                if let Some(package) = folder {
                    program.member = Some(Member {
                        package,
                        script: name.to_owned(),
                    });
                    program.command = Command::Shell(text);
                    return program;
                }
                let Some(script) = scripts.iter().find(|script| script.name == name) else {
                    return program;
                };
                script.body.trim().clone_into(&mut text);
                script.name.clone_into(&mut own);
                for argument in arguments {
                    text.push(' ');
                    text.push_str(argument);
                }
            }
            None => {
                if let Some(package) = folder {
                    program.member = Some(Member {
                        package,
                        script: String::new(),
                    });
                    program.command = Command::Shell(text);
                }
                return program;
            }
        }
    }
    program
}

enum Next<'a> {
    Script(&'a str, Vec<&'a str>),
    Member(Member),
}

/// Without the program behind a pipe that only makes a log readable for people.
fn without_printer(text: &str) -> &str {
    const PRINTERS: &[&str] = &["pino-pretty", "bunyan", "pino-colada", "roarr", "pino-dev"];
    let printer = |after: &str| {
        let mut words = after.split_whitespace();
        let first = words.next().filter(|word| *word != "npx").or(words.next());
        first.is_some_and(|word| PRINTERS.contains(&word))
    };
    match text.rsplit_once('|') {
        Some((before, after)) if printer(after) && !before.ends_with('|') => before.trim_end(),
        _ => text,
    }
}

/// A part of a start script that only installs.
fn installs(part: &str) -> bool {
    let words: Vec<&str> = part.split_whitespace().collect();
    matches!(
        words.as_slice(),
        ["yarn"] | ["npm" | "pnpm" | "yarn" | "bun", "install" | "i" | "ci"]
    )
}

/// A part of a start script that only builds.
fn builds(part: &str) -> bool {
    let words: Vec<&str> = part.split_whitespace().collect();
    match words.as_slice() {
        ["npm" | "pnpm" | "yarn" | "bun", "run", name, ..] | ["pnpm" | "yarn", name] => {
            name.starts_with("build")
        }
        ["tsc", ..] | ["npx", "tsc", ..] | [_, "build", ..] => true,
        _ => false,
    }
}

/// `NAME=value` in front of a command, when the value needs no shell.
fn assignment(text: &str) -> Option<(String, String, &str)> {
    let (name, rest) = text.split_once('=')?;
    let (value, rest) = rest.split_once(char::is_whitespace)?;
    let plain = value
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._/:,+@=-".contains(&b));
    (is_variable(name) && plain).then(|| (name.to_owned(), value.to_owned(), rest.trim_start()))
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Takes off what stands in front of the program: `exec`, `npx`, `cross-env`, `nodemon`.
fn strip<'a>(words: &[&'a str]) -> (Vec<&'a str>, Option<&'a str>) {
    let mut words = words.to_vec();
    let mut watched = None;
    for _ in 0..DEPTH {
        match words.as_slice() {
            [
                "exec" | "npx" | "bunx" | "cross-env" | "cross-env-shell",
                _,
                ..,
            ] if !words[1].starts_with('-') => {
                words.remove(0);
            }
            // They read variables from a file that no image holds.
            [
                "dotenv" | "env-cmd" | "dotenvx" | "dotenv-flow" | "env-cmd-rc",
                ..,
            ] if words.contains(&"--") => {
                let end = words.iter().position(|word| *word == "--").unwrap_or(0);
                words.drain(..=end);
            }
            ["yarn", "node", _, ..] => {
                words.remove(0);
            }
            ["npx", "-y" | "--yes", _, ..] | ["pnpm" | "npm" | "yarn", "exec", _, ..] => {
                words.drain(..2);
            }
            ["nodemon" | "node-dev", file, ..] if !file.starts_with('-') => {
                watched = Some(words[0]);
                words[0] = "node";
            }
            ["ts-node-dev", ..] => {
                watched = Some(words[0]);
                words.retain(|word| !word.starts_with("--"));
                words[0] = "ts-node";
            }
            // It would go into the background, and the container would end.
            ["pm2", "start", _, ..] => {
                words[0] = "pm2-runtime";
                words.retain(|word| *word != "--no-daemon");
            }
            ["tsx", "watch", ..] => {
                watched = Some("tsx watch");
                words.remove(1);
            }
            ["node" | "bun", "--watch" | "--hot", _, ..] => {
                watched = Some(words[1]);
                words.remove(1);
            }
            _ => break,
        }
    }
    (words, watched)
}

/// The script that run-script-os takes on Linux for one of its name.
fn for_linux<'a>(name: &str, scripts: &'a [Script]) -> Option<&'a str> {
    ["linux", "nix", "default"]
        .iter()
        .find_map(|system| {
            let wanted = format!("{name}:{system}");
            scripts.iter().find(|script| script.name == wanted)
        })
        .map(|script| script.name.as_str())
}

/// Whether the words start another script, here or in another package.
fn handed_over<'a>(words: &[&'a str]) -> Option<Next<'a>> {
    let member = |package: &str, script: &str| {
        Some(Next::Member(Member {
            package: package.to_owned(),
            script: script.to_owned(),
        }))
    };
    match words {
        ["npm", "start" | "run" | "run-script", rest @ ..] => {
            let script = if words[1] == "start" { "start" } else { "" };
            let mut package = None;
            let mut names = Vec::new();
            let mut words = rest.iter();
            let mut arguments = Vec::new();
            while let Some(word) = words.next() {
                match *word {
                    "-w" | "--workspace" | "--prefix" => package = words.next().copied(),
                    "--" => {
                        arguments = words.by_ref().copied().collect();
                    }
                    other => match other.split_once('=') {
                        Some(("--workspace" | "-w" | "--prefix", name)) => package = Some(name),
                        _ if other.starts_with('-') => {}
                        _ => names.push(other),
                    },
                }
            }
            let script = match names.first() {
                Some(name) if script.is_empty() => name,
                _ if script.is_empty() => return None,
                _ => script,
            };
            match package {
                Some(package) => member(package, script),
                None => Some(Next::Script(script, arguments)),
            }
        }
        ["npm", "-w" | "--prefix", package, rest @ ..] => {
            let script = rest.iter().rfind(|word| !word.starts_with('-'))?;
            member(package, script)
        }
        [
            "pnpm",
            "--filter" | "-F" | "-C" | "--dir",
            package,
            rest @ ..,
        ] => {
            let script = rest.iter().find(|word| **word != "run")?;
            member(package.trim_matches(['{', '}']), script)
        }
        ["yarn", "workspace", package, rest @ ..] => {
            let script = rest.iter().find(|word| **word != "run")?;
            member(package, script)
        }
        ["yarn", "--cwd", package, rest @ ..]
        | ["bun", "--filter" | "--cwd", package, rest @ ..]
        | ["bun", "run", "--filter" | "--cwd", package, rest @ ..] => {
            let script = rest.iter().find(|word| **word != "run")?;
            member(package, script)
        }
        ["turbo", rest @ ..] => {
            let filter = rest.iter().enumerate().find_map(|(at, word)| {
                word.strip_prefix("--filter=")
                    .or_else(|| (*word == "--filter").then(|| rest.get(at + 1).copied())?)
            })?;
            let script = rest
                .iter()
                .find(|word| **word != "run" && !word.starts_with('-'))?;
            member(filter.trim_end_matches("..."), script)
        }
        ["nx", "start" | "serve", package, ..] => member(package, "start"),
        ["pnpm" | "yarn" | "bun", "run", name, rest @ ..] | ["pnpm" | "yarn", name, rest @ ..]
            if !name.starts_with('-') =>
        {
            Some(Next::Script(name, rest.to_vec()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Location;
    use crate::repo::RelPath;

    fn program(text: &str, scripts: &[(&str, &str)]) -> Program {
        let scripts: Vec<Script> = scripts
            .iter()
            .map(|(name, body)| Script {
                name: (*name).to_owned(),
                body: (*body).to_owned(),
                at: Location::file(RelPath::root()),
            })
            .collect();
        follow(text, &scripts)
    }

    #[test]
    fn programs_are_found_behind_what_stands_around_them() {
        for (text, expected) in [
            ("node dist/main.js", "node dist/main.js"),
            ("NODE_ENV=production node .", "node ."),
            (
                "cross-env NODE_ENV=production node x.js --a",
                "node x.js --a",
            ),
            ("npm run build && node x.js", "node x.js"),
            ("yarn && node x.js", "node x.js"),
            ("dotenv -e .env -- node x.js", "node x.js"),
            ("node-dev x.js -- --a | pino-pretty", "node x.js -- --a"),
            ("node x.js || true", "node x.js || true"),
            ("run-script-os", "node l.js"),
            ("nodemon server.js", "node server.js"),
            ("npx next start -p 4000", "next start -p 4000"),
            (
                "prisma migrate deploy && node x.js",
                "prisma migrate deploy && node x.js",
            ),
            ("node $FILE", "node $FILE"),
            ("npm run serve", "node s.js"),
            ("npm run serve -- --port 1", "node s.js --port 1"),
            ("yarn serve", "node s.js"),
            ("pnpm run serve", "node s.js"),
            ("bun run index.ts", "bun run index.ts"),
            ("yarn node x.js", "node x.js"),
        ] {
            let scripts = [
                ("serve", "node s.js"),
                ("start", "run-script-os"),
                ("start:windows", "node w.js"),
                ("start:default", "node l.js"),
            ];
            let program = program(text, &scripts);
            assert_eq!(program.command.to_string(), expected, "{text}");
            assert_eq!(program.member, None, "{text}");
        }
    }

    #[test]
    fn other_packages_are_named() {
        for (text, package, script) in [
            ("cd apps/web && npm start", "apps/web", "start"),
            ("npm start -w apps/web", "apps/web", "start"),
            ("npm run start --workspace=@a/web", "@a/web", "start"),
            ("pnpm --filter web start", "web", "start"),
            ("yarn workspace web run serve", "web", "serve"),
            ("turbo run start --filter=web", "web", "start"),
            ("cd apps/web && node x.js", "apps/web", ""),
        ] {
            let member = program(text, &[])
                .member
                .unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (member.package.as_str(), member.script.as_str()),
                (package, script),
                "{text}"
            );
        }
    }

    #[test]
    fn a_ring_of_scripts_ends() {
        let ring = [("a", "npm run b"), ("b", "npm run a")];
        let _ = program("npm run a", &ring);
    }
}
