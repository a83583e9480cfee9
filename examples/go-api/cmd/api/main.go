// Command api serves a small JSON API that hands out unique identifiers.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/google/uuid"
)

// version is set at build time: -ldflags "-X main.version=v1.2.3".
var version = "dev"

const maxIDs = 100

func main() {
	if err := run(); err != nil {
		slog.Error("api stopped", "error", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	server := &http.Server{
		Addr:              net.JoinHostPort("0.0.0.0", cmp.Or(os.Getenv("PORT"), "8080")),
		Handler:           routes(),
		ReadHeaderTimeout: 5 * time.Second,
	}

	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	slog.Info("api started", "version", version, "address", server.Addr)

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}

	slog.Info("api stopping")
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		return server.Close() // cut what did not finish in time
	}
	return nil
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{
			"message": "hello from go-api",
			"version": version,
		})
	})
	mux.HandleFunc("GET /ids", listIDs)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	return mux
}

// listIDs answers GET /ids?count=N with N identifiers that sort by time.
func listIDs(w http.ResponseWriter, r *http.Request) {
	count, err := strconv.Atoi(cmp.Or(r.FormValue("count"), "1"))
	if err != nil || count < 1 || count > maxIDs {
		writeJSON(w, http.StatusBadRequest, map[string]string{
			"error": fmt.Sprintf("count must be a number from 1 to %d", maxIDs),
		})
		return
	}

	ids := make([]string, count)
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7()).String()
	}
	writeJSON(w, http.StatusOK, map[string][]string{"ids": ids})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		slog.Warn("response not written", "error", err)
	}
}
