/** What a word can announce: `passport number is GA7945176`. */
export type ContextKind = 'passport' | 'license' | 'account' | 'zip' | 'age' | 'username' | 'password';

const announcing = (kind: ContextKind, words: string): [string, ContextKind][] =>
  words.split(' ').map((word) => [word, kind]);

/** Words in lower case that announce a value, in the languages of Europe. */
export const contextWords: ReadonlyMap<string, ContextKind> = new Map([
  ...announcing(
    'passport',
    'passport passeport pasaporte reisepass reisepassnummer passaporto passaporte paspoort paspoortnummer paszport paszportu pasaport passnummer passport_number passport_no passportnumber pass_no паспорт',
  ),
  ...announcing(
    'license',
    "license licence driver's driver’s drivers driving führerschein führerscheinnummer permis patente rijbewijs rijbewijsnummer körkort ehliyet dl dln driver_license drivers_license license_number prawo",
  ),
  ...announcing(
    'account',
    'account acct konto kontonummer kontonr compte cuenta rekening rekeningnummer conta conto konta hesap account_number account_no acct_no accountnumber routing aba iban bankgiro kontonummeret',
  ),
  ...announcing(
    'zip',
    'zip zipcode zip_code postcode post_code postal postal_code plz postleitzahl cap cep postnummer eircode pincode kod postcode: zip: posta',
  ),
  ...announcing('age', 'age aged alter âge edad età idade leeftijd ålder wiek yaş turned alder'),
  ...announcing(
    'username',
    'user username user_name userid user_id login handle nick nickname benutzername benutzer utilisateur usuario utente gebruiker gebruikersnaam użytkownik användarnamn kullanıcı usuário screenname in as',
  ),
  ...announcing(
    'password',
    'password passwd pwd passwort kennwort passcode passphrase contraseña senha hasło wachtwoord şifre lösenord passe pass salasana adgangskode db_password password_hash user_password admin_password',
  ),
]);
