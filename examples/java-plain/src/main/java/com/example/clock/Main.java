package com.example.clock;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.concurrent.Executors;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/** A world clock: GET /time/Europe/Berlin tells what time it is there. */
public final class Main {

    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    private Main() {}

    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));

        HttpServer server = HttpServer.create(new InetSocketAddress("0.0.0.0", port), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", Main::index);
        server.createContext("/time/", Main::time);
        server.createContext("/healthz", exchange -> send(exchange, 200, Map.of("status", "ok")));

        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            System.out.println("stopping");
            server.stop(1);
        }));
        server.start();
        System.out.println("listening on port " + port);
    }

    private static void index(HttpExchange exchange) throws IOException {
        if (exchange.getRequestURI().getPath().equals("/")) {
            send(exchange, 200, Map.of("message", "hello from java", "try", "/time/Europe/Berlin"));
        } else {
            send(exchange, 404, Map.of("error", "not found"));
        }
    }

    private static void time(HttpExchange exchange) throws IOException {
        String zone = exchange.getRequestURI().getPath().substring("/time/".length());
        try {
            String now = ZonedDateTime.now(ZoneId.of(zone)).format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);
            send(exchange, 200, Map.of("zone", zone, "time", now));
        } catch (DateTimeException e) {
            send(exchange, 404, Map.of("error", "unknown zone: " + zone));
        }
    }

    private static void send(HttpExchange exchange, int status, Object body) throws IOException {
        byte[] json = GSON.toJson(body).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        try (exchange) {
            if (exchange.getRequestMethod().equals("HEAD")) {
                exchange.sendResponseHeaders(status, -1);
                return;
            }
            exchange.sendResponseHeaders(status, json.length);
            exchange.getResponseBody().write(json);
        }
    }
}
