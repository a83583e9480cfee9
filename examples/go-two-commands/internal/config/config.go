// Package config reads the settings that both commands share.
package config

import (
	"encoding/json"
	"fmt"
	"os"
)

// Path is where the settings are, relative to the working directory.
const Path = "config/default.json"

// Entry is one line of the guest book.
type Entry struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Config holds the settings.
type Config struct {
	Title      string   `json:"title"`
	Greeting   string   `json:"greeting"`
	Entries    []Entry  `json:"entries"`
	Migrations []string `json:"migrations"`
}

// Load reads the settings from Path.
func Load() (Config, error) {
	data, err := os.ReadFile(Path)
	if err != nil {
		return Config{}, err
	}
	var config Config
	if err := json.Unmarshal(data, &config); err != nil {
		return Config{}, fmt.Errorf("%s: %w", Path, err)
	}
	return config, nil
}
