// Command server shows the guest book as a web page.
package main

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"html/template"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.com/go-two-commands/internal/config"
)

//go:embed templates
var files embed.FS

var pages = template.Must(template.ParseFS(files, "templates/*.html"))

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	settings, err := config.Load()
	if err != nil {
		return err
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	server := &http.Server{
		Addr:              net.JoinHostPort("0.0.0.0", cmp.Or(os.Getenv("PORT"), "8080")),
		Handler:           routes(settings),
		ReadHeaderTimeout: 5 * time.Second,
	}

	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Printf("serving %q on %s", settings.Title, server.Addr)

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}

	log.Print("stopping")
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		return server.Close() // cut what did not finish in time
	}
	return nil
}

func routes(settings config.Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		var page bytes.Buffer
		if err := pages.ExecuteTemplate(&page, "index.html", settings); err != nil {
			log.Print(err)
			http.Error(w, "the page could not be shown", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page.WriteTo(w)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	return mux
}
