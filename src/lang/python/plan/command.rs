//! Start commands that projects give: their program, their port, their exec form.

use super::serve::ENDS;
use crate::facts::Command;

/// A word that names a module from the component's folder, as seen from `root`.
pub(super) fn strip(word: &str, root: &str) -> String {
    let prefix = format!("{}.", root.replace('/', "."));
    word.strip_prefix(&prefix).unwrap_or(word).to_owned()
}

/// The exec form of a command, and whether it goes through a shell.
///
/// Steps in front of the server (`migrate &&`) run once for a deployment, not at each start of
/// each container: they are left out. The shell replaces itself with what it starts.
pub(super) fn words(command: &Command) -> (Vec<String>, bool) {
    let text = match command {
        Command::Exec(words) => return (words.clone(), false),
        Command::Shell(text) => text,
    };
    let mut parts = steps(text);
    // What stands behind a server is never reached.
    let serves = |step: &str| ENDS.contains(&program(&exec_words(step)));
    if let Some(at) = parts.iter().position(|step| serves(step)) {
        parts.truncate(at + 1);
    }
    let last = parts.pop().unwrap_or(text);
    parts.retain(|part| {
        !["migrate", "upgrade", "collectstatic"]
            .iter()
            .any(|word| part.contains(word))
    });
    if parts.is_empty()
        && let Command::Exec(words) = Command::parse(last)
    {
        return (words, false);
    }
    let compound = last.contains(['|', '\n', '(', '{']) && !last.contains("${");
    let last = if compound || last.starts_with("exec ") {
        last.to_owned()
    } else {
        // `exec` goes behind the variables that the command gets.
        let mut program = last;
        while let Some((word, rest)) = program.split_once(char::is_whitespace)
            && (word.is_empty() || word.contains('=') && !word.starts_with('-'))
        {
            program = rest;
        }
        let before = last.strip_suffix(program).unwrap_or_default();
        format!("{before}exec {program}")
    };
    parts.push(&last);
    (
        ["sh", "-c", &parts.join(" && ")]
            .map(str::to_owned)
            .to_vec(),
        true,
    )
}

/// The words of a step, as far as blanks tell.
fn exec_words(step: &str) -> Vec<String> {
    step.split_whitespace()
        .skip_while(|word| *word == "exec" || word.contains('=') && !word.starts_with('-'))
        .map(str::to_owned)
        .collect()
}

/// The commands between `&&` and `;`, where those stand outside of quotes.
fn steps(text: &str) -> Vec<&str> {
    let mut steps = Vec::new();
    let mut quote: Option<char> = None;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None if c == ';' || text[at..].starts_with("&&") => {
                steps.push(&text[start..at]);
                start = at + if c == ';' { 1 } else { 2 };
            }
            _ => {}
        }
    }
    steps.push(text.get(start..).unwrap_or_default());
    steps.retain(|step| !step.trim().is_empty());
    steps.into_iter().map(str::trim).collect()
}

/// The program behind `python -m`, `sh -c exec` and paths.
pub(super) fn program(words: &[String]) -> &str {
    let at = |index: usize| words.get(index).map_or("", String::as_str);
    let name = match (at(0), at(1)) {
        ("python" | "python3", "-m") => at(2),
        ("sh", "-c") => at(2)
            .rsplit("exec ")
            .next()
            .and_then(|rest| rest.split_whitespace().next())
            .unwrap_or_default(),
        (first, _) => first,
    };
    name.rsplit('/').next().unwrap_or(name)
}

/// The development server, or the runner of tasks, that a command starts, if it starts one.
pub(super) fn development(command: &Command) -> Option<&'static str> {
    let text = command.to_string();
    // What they run is written for those who develop.
    if let Some(runner) = ["make", "just", "invoke", "honcho", "foreman"]
        .into_iter()
        .find(|runner| command.program() == Some(runner))
    {
        return Some(runner);
    }
    [
        ("flask run", "flask run"),
        ("flask --app", "flask run"),
        ("runserver", "runserver"),
        ("--reload", "a server with --reload"),
        ("fastapi dev", "fastapi dev"),
    ]
    .into_iter()
    .find_map(|(mark, name)| text.contains(mark).then_some(name))
}

/// A port that stands in a command: behind `--port`, `-p` or the `:` of an address.
pub(super) fn port_in(text: &str) -> Option<u16> {
    let mut words = text.split([' ', '=']).peekable();
    while let Some(word) = words.next() {
        if matches!(word, "--port" | "-p")
            && let Some(port) = words.peek().and_then(|next| next.parse().ok())
        {
            return Some(port);
        }
        if let Some((host, port)) = word.rsplit_once(':')
            && (host.is_empty() || host.contains('.') || host.ends_with(']'))
            && let Ok(port) = port.parse()
        {
            return Some(port);
        }
    }
    // `${PORT:-8000}`.
    let default = text.split("${PORT:-").nth(1)?.split('}').next()?;
    default.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(text: &str) -> String {
        let (words, _) = words(&Command::parse(text));
        words.join(" ")
    }

    #[test]
    fn commands_of_a_procfile() {
        assert_eq!(shell("gunicorn shop.wsgi"), "gunicorn shop.wsgi");
        assert_eq!(
            shell("python manage.py migrate && gunicorn shop.wsgi"),
            "gunicorn shop.wsgi"
        );
        assert_eq!(
            shell("gunicorn app:app --bind 0.0.0.0:$PORT"),
            "sh -c exec gunicorn app:app --bind 0.0.0.0:$PORT"
        );
        assert_eq!(
            shell("A=1 B=$C python x.py"),
            "sh -c A=1 B=$C exec python x.py"
        );
        assert_eq!(
            shell("./prepare && uvicorn a:b --port $PORT"),
            "sh -c ./prepare && exec uvicorn a:b --port $PORT"
        );
        assert_eq!(
            shell("gunicorn --env='A=1; 2 && 3' shop:app"),
            "sh -c exec gunicorn --env='A=1; 2 && 3' shop:app"
        );
        assert_eq!(
            shell("flask db upgrade; flask translate compile; gunicorn shop:app"),
            "sh -c flask translate compile && exec gunicorn shop:app"
        );
    }

    #[test]
    fn ports_of_commands() {
        for (text, port) in [
            ("uvicorn main:app --port 9000", Some(9000)),
            ("gunicorn -b 0.0.0.0:8080 app:app", Some(8080)),
            ("gunicorn --bind=:8081 app:app", Some(8081)),
            ("uvicorn a:b --port ${PORT:-7000}", Some(7000)),
            ("gunicorn app:app", None),
        ] {
            assert_eq!(port_in(text), port, "{text}");
        }
    }
}
