package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestRoutes(t *testing.T) {
	for path, want := range map[string]int{
		"/":              http.StatusOK,
		"/healthz":       http.StatusOK,
		"/ids":           http.StatusOK,
		"/ids?count=3":   http.StatusOK,
		"/ids?count=0":   http.StatusBadRequest,
		"/ids?count=abc": http.StatusBadRequest,
		"/nowhere":       http.StatusNotFound,
	} {
		t.Run(path, func(t *testing.T) {
			got := httptest.NewRecorder()
			routes().ServeHTTP(got, httptest.NewRequest(http.MethodGet, path, nil))
			if got.Code != want {
				t.Errorf("GET %s = %d, want %d", path, got.Code, want)
			}
		})
	}
}
