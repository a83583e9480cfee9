// Command api tells the next high tides of an imaginary harbour.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// period is the mean time from one high tide to the next.
const period = 12*time.Hour + 25*time.Minute + 14*time.Second

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
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
	log.Printf("tides api on %s", server.Addr)

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

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]string{"message": "hello from the tides api"})
	})
	mux.HandleFunc("GET /tides", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string][]time.Time{"high": nextTides(time.Now(), 4)})
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]string{"status": "ok"})
	})
	return mux
}

// nextTides returns the first count high tides after now.
func nextTides(now time.Time, count int) []time.Time {
	tides := make([]time.Time, count)
	last := now.UTC().Truncate(period)
	for i := range tides {
		tides[i] = last.Add(time.Duration(i+1) * period)
	}
	return tides
}

func writeJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Print(err)
	}
}
