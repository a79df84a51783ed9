/**
 * Sentences of our own in which names stand, in the styles in which people write to models. {P} a person, {F} a first
 * name, {S} a surname, {O} a company, {L} a place, {A} an address, {Z} a postcode; {E} mail, {T} phone, {D} date, {N}
 * number fill in what the tagger does not look for. Lines without a slot hold no name.
 */
export const templates: readonly string[] = `
I spoke with {P} yesterday about the renewal.
{P} and {P} are meeting in {L} on {D}.
Could you draft a reply to {P}? She complained about a late delivery to {A}.
hi, this is {F} from {O}, can you resend the contract to {A}?
{P}, {O}
{P} ({E})
Contact: {P}, {T}
Name: {P}
Full name: {P}
name={P}
Client: {P}, lives at {A}, phone {T}.
Attn: {P}\n{O}\n{A}
{P}\n{A}
{P}\n{A}\n{T}
Best regards,\n{P}
Kind regards,\n\n{P}\n{O}\n{T}
Cheers,\n{F}
Thanks!\n{F} {S}
Sincerely,\nDr. {S}
Dear {P},
Dear {F},
Dear Mr {S},
Dear Ms. {S},
Hi {F},
Hello {F}, how are you?
Hey {F}! Are you coming to {L} this weekend?
Mr {S} said he would call back.
Mrs. {S} of {A} has not paid.
Professor {S} teaches at {O}.
Dr {P} prescribed 20 mg.
Ask {F} to review it.
I think {F} knows.
my boss {F} told me to finish it by {D}
{F} is my sister and {F} is my brother.
My wife {F} and I moved to {L}.
Our CEO {P} will present the figures.
according to {P}, the meeting was cancelled
Meeting between {P} ({O}) and {P} ({O})
Participants: {P}, {P}, {P}
Attendees: {F}, {F} and {F}
Present were {P}, {P} and {S}.
- {P}\n- {P}\n- {P}
1. {P}\n2. {P}
| {P} | {L} | {N} |
| Name | City |\n|---|---|\n| {P} | {L} |\n| {P} | {L} |
| {P} | {E} | {T} |
{P};{E};{L};{Z}
{P},{T},{A}
id,name,city\n{N},{P},{L}\n{N},{P},{L}
{"name": "{P}", "city": "{L}"}
{"firstName": "{F}", "lastName": "{S}", "address": "{A}"}
{"user": {"full_name": "{P}", "employer": "{O}", "zip": "{Z}"}}
{"first_name":"{F}","last_name":"{S}","company":"{O}"}
<name>{P}</name><city>{L}</city>
<td>{P}</td><td>{O}</td>
author: {P} <{E}>
From: {P} <{E}>
To: {P}
Cc: {P}; {P}
Signed-off-by: {P} <{E}>
Co-authored-by: {P} <{E}>
Patient: {P}, admitted {D}
Patient {P} presented with a fever.
The defendant, {P}, pleaded not guilty.
{P} v. {P}
{P} vs {O}
The tenant {P}, residing at {A}, agrees to pay {N} euros.
This agreement is made between {O} and {P}.
Invoice to: {O}, {A}
Bill to\n{P}\n{A}
Ship to: {P}, {A}
Deliver the parcel to {A} before noon.
The apartment at {A} is for rent.
We live at {A}.
I live in {L}.
I grew up in {L} and now work in {L}.
Where is {A}?
How do I get from {A} to {A}?
The accident happened near {A}.
please update my address to {A}
my new address is {A}, the old one was {A}
He was born in {L} in 1984.
Flights to {L} are cheap.
The office in {L} closes in May.
Weather in {L} tomorrow
What are good restaurants in {L}?
Is it safe to travel to {L}?
{L} is lovely in spring.
People in {L} speak several languages.
from {L} to {L} by train
{L}, {L} and {L} signed the treaty.
The mayor of {L} resigned.
{P} from {L} won the race.
{O} has opened an office in {L}.
{O} was founded by {P}.
{O} announced a merger with {O}.
Shares of {O} fell by {N} percent.
I work for {O}.
I have an interview with {O} next week.
She left {O} to join {O}.
Send the offer to {O}.
{O} is hiring in {L}.
Our supplier {O} raised prices.
The lawsuit against {O} was dropped.
an employee of {O}
My account at {O} was closed.
Write a poem for {F}'s birthday.
Write a letter of recommendation for {P}, who worked at {O} for five years.
Summarize the complaint by {P} against {O}.
Translate into German: "{P} lives in {L}."
Rewrite this: {P} has been late three times, says {P}.
Who was {P}?
Did {P} call?
{P} called.
It's {F}'s turn.
{P}'s passport expired.
{S}'s report is late.
@{F} can you look at this?
[10:32] {F}: I am on my way
{F}: where are you?\n{F}: at home
{P} wrote:
On {D}, {P} wrote:
> {P} wrote that {P} agrees
Assigned to {P} by {P}
Reviewed by: {P}
Approved: {P} ({D})
Emergency contact is {P}, {T}
The beneficiary is {P}, postcode {Z}.
zip code {Z}, city {L}
{L} {Z}
{L}, {Z}
{Z} {L}
Deliver to {L}, {Z}, thanks.
We ship to {L}, {Z}.
Postcode: {Z}
{P} (born {D}) is the only heir of {P}.
{P} married {P} in {L}.
The children are called {F}, {F} and {F}.
as {F} put it, nobody likes {S}
it was {P} who told {P}
{F} wants to know if {F} paid.
is {F} there?
call {F} at {T}
text {F} {S} about the invoice
{P} teaches maths at {O} in {L}.
President {S} visited {L}.
Judge {S} dismissed the case.
Officer {S} filed the report.
Captain {P} reported to {S}.
Herr {S} wohnt in {L}.
Frau {S} hat angerufen, bitte zurückrufen unter {T}.
Sehr geehrte Frau {S},
Sehr geehrter Herr Dr. {S},
Lieber {F},
Ich heiße {P} und komme aus {L}.
Meine Adresse lautet {A}.
Ich wohne in der {A}.
Bitte senden Sie die Rechnung an {P}, {A}.
Der Vertrag zwischen {O} und {P} wurde gekündigt.
Mit freundlichen Grüßen\n{P}
Viele Grüße\n{F}
Kundin {P}, Telefon {T}
Kannst du {F} sagen, dass {F} kommt?
{P} arbeitet bei {O} in {L}.
Die {O} hat ihren Sitz in {L}.
Wann fährt der Zug nach {L}?
Monsieur {S} habite à {L}.
Madame {S} a appelé ce matin.
Je m'appelle {P} et j'habite {A}.
Mon adresse est {A}.
Cher {F},
Bonjour {F},
Cordialement,\n{P}
{P} travaille chez {O} à {L}.
Le contrat entre {O} et {P} a été signé à {L}.
Veuillez envoyer le colis au {A}.
Je vais à {L} avec {F}.
El señor {S} vive en {L}.
La señora {S} llamó esta mañana.
Estimado {P}:
Hola {F}, ¿cómo estás?
Me llamo {P} y vivo en {A}.
Mi dirección es {A}.
Un saludo,\n{P}
{P} trabaja en {O}, en {L}.
Envía el paquete a {P}, {A}.
La empresa {O} está en {L}.
Il signor {S} abita a {L}.
La signora {S} ha telefonato.
Gentile {P},
Ciao {F}, come stai?
Mi chiamo {P} e abito in {A}.
Il mio indirizzo è {A}.
Cordiali saluti\n{P}
{P} lavora per {O} a {L}.
Spedire a {P}, {A}
O senhor {S} mora em {L}.
Olá {F}, tudo bem?
Chamo-me {P} e moro na {A}.
O meu endereço é {A}.
Atenciosamente,\n{P}
{P} trabalha na {O} em {L}.
De heer {S} woont in {L}.
Mevrouw {S} heeft gebeld.
Beste {F},
Mijn adres is {A}.
Ik heet {P} en woon in {L}.
Met vriendelijke groet,\n{P}
{P} werkt bij {O} in {L}.
Jag heter {P} och bor i {L}.
Min adress är {A}.
Hej {F},
Med vänlig hälsning\n{P}
{P} arbetar på {O} i {L}.
Jeg hedder {P} og bor i {L}.
Min adresse er {A}.
Med venlig hilsen\n{P}
Nazywam się {P} i mieszkam w {L}.
Mój adres to {A}.
Pan {S} dzwonił wczoraj.
Pani {S} pracuje w {O}.
Z poważaniem\n{P}
Benim adım {P}, {L} şehrinde yaşıyorum.
Adresim {A}.
Sayın {P},
{P}, {O} şirketinde çalışıyor.
Меня зовут {P}, я живу в {L}.
Звонил {P} из {L}.
my name is {P} and i live in {L}
i am {P}, my number is {T}
my friend {F} lives near {A}
can u tell {F} that {F} is late lol
yo its {F}, hit me up at {T}
so {F} {S} from {O} called me today
met {F} in {L} last week
PATIENT NAME: {P}
INVOICE TO {P}
ATTENTION {P}
CUSTOMER: {P}, {L}
Subject: Meeting with {P}
Subject: Complaint about {O}
RE: {P} - contract
Ticket #{N}: {P} cannot log in
Lead: {P}, {O}, {L}
Employee {P} (id {N}) asked for leave from {D}.
{P}, 34, was seen near {L}.
{P} (52) of {L} denies it.
The witness {P}, aged 41, lives at {A}.
A. {S} and B. {S} wrote the paper.
{S}, {F}
{S}, {F} ({O})
{S} {F}
{S} et al. (2019) disagree.
Interview with {P} of {O}
Obituary: {P} died in {L} on {D}.
Guests: Mr and Mrs {S}
The {S} family moved to {L}.
the {S}s are on holiday in {L}
`
  .split('\n')
  .filter((line) => line !== '');

/** Lines in which capitals and numbers name nobody. */
export const plainLines: readonly string[] = `
How do I sort a list in Python?
Write a function that returns the first N primes.
Explain the Pythagorean theorem with an example.
The Quick Start Guide explains how to configure the Load Balancer.
Chapter 3: Error Handling and Logging
Table of Contents
Terms and Conditions apply.
Step 1: Open the Settings menu and choose Network.
Please Read Carefully Before Use
The JSON parser throws a SyntaxError at line 42.
class UserService extends BaseService { constructor() { super(); } }
const total = items.reduce((sum, item) => sum + item.price, 0);
SELECT name, email FROM customers WHERE id = 42;
import React, { useState } from 'react';
public static void main(String[] args)
Error: Cannot read properties of undefined (reading 'map')
npm ERR! code ERESOLVE
HTTP 404 Not Found
What is the capital of a country and how is it chosen?
In Q3 2023 revenue grew by 12 percent.
Monday and Tuesday are full, Wednesday works.
On Friday we ship version 2.4.1 of the Android app.
I speak English, French and a little German.
The Christmas party is on the 20th of December.
Use the Microsoft Word template from the Human Resources folder.
Total: 1,299.00 EUR
Order 10-2024-5531 shipped.
The temperature was 21.5 degrees at 14:30.
Buy milk, eggs, 2 onions and 500 g of flour.
Add 250 ml of water and stir for 10 minutes.
1. Introduction\n2. Methods\n3. Results\n4. Discussion
Question 7: Which of the following is correct?
Answer: B
Yes. No. Maybe.
OK, thanks. Great!
Dear Sir or Madam,
To Whom It May Concern,
Dear Hiring Manager,
Dear Customer Support,
Hello World
Hi there, could you help me?
Good Morning everyone
Kind regards,
Best,
Thank You
Act as a Linux terminal.
You are a helpful assistant. Answer in Spanish.
Translate the following text into French.
Summarize this article in three bullet points.
Create a marketing plan for a new Coffee Shop.
Write a haiku about Autumn.
What is the difference between TCP and UDP?
Compare PostgreSQL, MySQL and MongoDB.
Generate 5 names for a startup that sells shoes.
The Second World War ended in 1945.
The Declaration of Independence was signed in 1776.
The Great Barrier Reef is losing coral.
Climate Change is a Global Problem.
Machine Learning Engineer with 5 years of experience
Senior Product Manager, Remote, Full Time
Skills: Java, Spring, Docker, Kubernetes, AWS
Bachelor of Science in Computer Science
Star Wars and Harry Potter are popular.
Game of Thrones, Season 4, Episode 2
Windows 11 Home Edition, 64-bit
iPhone 15 Pro Max 256 GB Space Black
Part no. 4431-22, Rev. B
ISBN 978-3-16-148410-0
Room 204, second floor
Flight LH 441 departs at Gate 22.
Line 12, column 5
Figure 2 shows the result of Experiment 1.
Section 4.2 of the Employee Handbook
Article 5 of the Regulation
Rückfragen bitte an die Abteilung für Beschwerden, nicht an die Geschäftsleitung.
Ihre Lieferung verzögert sich wegen des Wetters um zwei Tage.
Die Bestellung, die Rechnung und der Lieferschein liegen im Anhang.
Welche Unterlagen brauche ich für den Antrag auf Elterngeld?
Der Vertrag endet mit Ablauf der Probezeit, die Kündigung bedarf der Schriftform.
Erstelle eine Tabelle mit Umsatz, Kosten und Gewinn pro Quartal.
Schreibe eine Zusammenfassung des Berichts in drei Sätzen.
Das Wetter war schlecht, die Stimmung gut, das Essen hervorragend.
Am Montag Besprechung, am Dienstag Schulung, am Mittwoch Urlaub.
Zutaten: Mehl, Zucker, Butter, Eier, Salz und Milch.
Wie funktioniert eine Wärmepumpe im Winter?
Die Maschine braucht Wartung, das Ersatzteil kommt morgen.
Guten Tag, ich hätte gern ein Angebot für einen Umzug.
Vielen Dank für Ihre Nachricht und Ihr Verständnis.
Bei Fragen zu Versand, Zahlung oder Rückgabe helfen wir gern.
Meine Frau und ich suchen eine Wohnung mit Balkon.
Das Passwort, der Benutzername und die Sicherheitsfrage fehlen.
Bitte öffnen Sie die Einstellungen und wählen Sie Netzwerk.
Wie berechne ich die Fläche eines Kreises?
Die Rechnung vom 3. Mai ist noch offen.
Sehr geehrte Damen und Herren,
Mit freundlichen Grüßen
Der Montag ist frei, der Dienstag nicht.
Das Haus hat drei Zimmer und einen Garten.
Ich habe eine Frage zu meiner Bestellung.
Comment puis-je réinitialiser mon mot de passe ?
Bonjour, je voudrais un café.
Madame, Monsieur,
Le Petit Prince est un livre.
¿Cómo puedo cambiar mi contraseña?
Buenos días, ¿en qué puedo ayudarle?
El lunes tengo una reunión.
Come posso cambiare la password?
Buongiorno, vorrei un caffè.
Como posso ajudar?
Bom dia, tudo bem?
Hoe kan ik mijn wachtwoord wijzigen?
Goedemorgen, kan ik u helpen?
Hur ändrar jag mitt lösenord?
Jak zmienić hasło?
Şifremi nasıl değiştiririm?
Nasılsın? İyi günler.
Will you mark the date? May I ask why?
The rose in the park was white and green.
He may grant the request; bill the client.
Turn left at the main street and drive to the court.
Hope is a good thing. Faith and joy, too.
In the long run, the young king will win.
What is the price of gold? Art is long.
I need a summary of the Annual Report 2022.
Project Phoenix starts in July.
The API returns a Bearer token.
Authorization: Bearer
User-Agent: Mozilla/5.0 (X11; Linux x86_64)
Content-Type: application/json
GET /api/v1/users/42 HTTP/1.1
DEBUG [main] Starting server on port 8080
2024-05-06 12:11:01 INFO Worker started
TODO: Refactor this Module
The Board of Directors approved the Budget.
Net Income, Gross Margin, Operating Expenses
Vitamin D and Omega 3 are important.
Type 2 Diabetes and High Blood Pressure
Covid-19 cases rose by 30 %.
Black Friday Sale: 50 % Off Everything
Happy New Year! Merry Christmas!
Once upon a time there was a Dragon.
The Wizard said to the Knight: "You shall not pass."
Dear Diary, today was a Good Day.
Rock, Paper, Scissors
North, South, East, West
Left Right Up Down
A, B, C and D are points on a circle.
Let X be a set and Y its complement.
Alpha, Beta, Gamma, Delta
Red Green Blue
Breakfast: Oatmeal. Lunch: Salad. Dinner: Pasta.
Input: 3 5 7\nOutput: 15
Name, Address, Phone
First name: ______ Last name: ______
Name: N/A
User: unknown
{"name": "string", "city": "string"}
{"id": 42, "status": "Active", "type": "Invoice"}
{"title": "Getting Started", "lang": "English"}
| Item | Price |\n|---|---|\n| Bread | 2.50 |\n| Butter | 3.10 |
| Metric | Value |\n|---|---|\n| Precision | 0.91 |
<title>Welcome Page</title>
<h1>Contact Us</h1>
# Getting Started\n\n## Installation
- [ ] Write Tests\n- [x] Fix Bug
`
  .split('\n')
  .filter((line) => line !== '');
