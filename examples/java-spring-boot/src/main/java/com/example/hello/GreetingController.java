package com.example.hello;

import java.util.concurrent.atomic.AtomicLong;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
class GreetingController {

    private final AtomicLong visits = new AtomicLong();

    @GetMapping("/")
    Greeting greet(@RequestParam(defaultValue = "world") String name) {
        return new Greeting("hello, %s".formatted(name), visits.incrementAndGet());
    }

    record Greeting(String message, long visit) {}
}
