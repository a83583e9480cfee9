//! A small web service that counts the words of a text.

use std::{env, error::Error, future::Future, net::Ipv4Addr, time::Duration};

use axum::{
    Json, Router,
    routing::{get, post},
};
use serde::Serialize;
use tokio::{net::TcpListener, time};

const GRACE: Duration = Duration::from_secs(3);

#[derive(Debug, PartialEq, Serialize)]
struct Count {
    lines: usize,
    words: usize,
    characters: usize,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = match env::var("PORT") {
        Ok(port) => port.parse()?,
        Err(_) => 8080,
    };
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
    println!("listening on {}", listener.local_addr()?);

    let server = axum::serve(listener, routes()).with_graceful_shutdown(stop_signal()?);
    tokio::select! {
        result = server => result?,
        () = grace_over(stop_signal()?) => println!("some connections were cut"),
    }
    Ok(())
}

fn routes() -> Router {
    Router::new()
        .route(
            "/",
            get(async || "hello from axum: POST a text to /count\n"),
        )
        .route("/count", post(async |text: String| Json(count(&text))))
        .route("/healthz", get(async || "ok"))
}

fn count(text: &str) -> Count {
    Count {
        lines: text.lines().count(),
        words: text.split_whitespace().count(),
        characters: text.chars().count(),
    }
}

/// Completes on SIGTERM (how a container is stopped) or SIGINT (Ctrl-C).
fn stop_signal() -> Result<impl Future<Output = ()>, std::io::Error> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Completes once the connections have had their time to finish after `stop`.
async fn grace_over(stop: impl Future<Output = ()>) {
    stop.await;
    time::sleep(GRACE).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_words_and_characters() {
        let expected = Count {
            lines: 2,
            words: 3,
            characters: 13,
        };
        assert_eq!(count("grüße an\nalle"), expected);
    }
}
