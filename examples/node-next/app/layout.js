import "./globals.css";

export const metadata = {
  title: "Moon phases",
  description: "How much of the moon is lit tonight",
};

export default function RootLayout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
