module example.com/go-two-commands

go 1.26
