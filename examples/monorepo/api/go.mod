module example.com/tides/api

go 1.26
